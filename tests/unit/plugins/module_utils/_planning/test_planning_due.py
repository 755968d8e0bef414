# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import due

NOW = 1_700_000_000.0
RUNS = {"state": "running", "touched": 2}
HEAD = {"paused": "", "applying": "", "settled": 1, "lost": False, "seen": 1, "touched": 2, "audited": NOW, "fidelity": {}}
ASKED = {"now": NOW, "audit_interval": 600, "rebooted": False, "changed": False, "verify": False, "resume": False}


def reasons(head, twin, **asked):
    return due.due(due.situation(head, twin, {**ASKED, **asked}))


@pytest.mark.parametrize(("head", "twin", "asked", "codes", "whole"), [
    (HEAD, RUNS, {}, [], False),
    (None, None, {}, ["new"], False),
    (None, RUNS, {"changed": True}, ["new"], False),
    ({**HEAD, "paused": "Paused on request.", "settled": 0}, None, {}, [], False),
    ({**HEAD, "paused": "Paused on request."}, RUNS, {"changed": True, "rebooted": True}, ["changed"], False),
    ({**HEAD, "paused": "Paused on request."}, RUNS, {"resume": True}, ["resume"], True),
    (HEAD, None, {"changed": True}, ["absent"], False),
    (HEAD, {**RUNS, "state": "shutoff"}, {}, ["stopped"], False),
    ({**HEAD, "lost": True}, RUNS, {"rebooted": True}, ["lost", "rebooted"], True),
    ({**HEAD, "lost": True}, {**RUNS, "state": "shutoff"}, {}, ["stopped", "lost"], False),
    ({**HEAD, "applying": "[]"}, RUNS, {}, ["unfinished"], True),
    ({**HEAD, "settled": 0}, RUNS, {}, ["unsettled"], False),
    ({**HEAD, "seen": 0}, RUNS, {}, ["unread"], True),
    (HEAD, {**RUNS, "touched": 3}, {}, ["touched"], True),
    (HEAD, {**RUNS, "touched": 0}, {}, ["touched"], True),  # the domain was made anew
    (HEAD, {"state": "shutoff", "touched": 3}, {}, ["stopped", "touched"], True),
    ({**HEAD, "paused": "Paused on request."}, {**RUNS, "touched": 3}, {}, [], False),
    (HEAD, RUNS, {"rebooted": True}, ["rebooted"], True),
    ({**HEAD, "audited": NOW - 601}, RUNS, {}, ["audit"], True),
    ({**HEAD, "audited": NOW + 86400}, RUNS, {}, ["audit"], True),
    (HEAD, RUNS, {"verify": True}, ["verify"], True),
    ({**HEAD, "fidelity": {"pending": ["digest"]}}, RUNS, {}, ["pending"], False),
    ({**HEAD, "fidelity": {"retry_at": NOW + 60}}, RUNS, {}, [], False),
    ({**HEAD, "fidelity": {"retry_at": NOW - 1}}, RUNS, {}, ["retry"], False),
    (HEAD, RUNS, {"changed": True}, ["changed"], False),
    ({**HEAD, "audited": 0, "settled": 0}, RUNS, {"changed": True}, ["unsettled", "audit", "changed"], True),
])
def test_each_situation_has_its_reasons_for_a_cycle(head, twin, asked, codes, whole):
    found = reasons(head, twin, **asked)
    assert [reason.code for reason in found] == codes
    assert due.reads_whole(found) is whole


def test_every_reason_is_a_sentence_of_its_own():
    table = [reason for _holds, reason in due._ENDS + due._REASONS]
    assert len({reason.code for reason in table}) == len({reason.sentence for reason in table}) == len(table)
    assert all(reason.sentence[0].isupper() and reason.sentence.endswith(".") for reason in table)
