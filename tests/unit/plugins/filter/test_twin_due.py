# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.safetytwin.twin.plugins.filter.twin_due import FilterModule

KNOWN = {
    "known": True, "paused": "", "applying": "", "settled": 1, "lost": False, "seen": 1, "touched": 0, "audited": time.time(), "fidelity": {},
    "domain": {"state": "running", "touched": 0}, "rebooted": False,
}


def codes(known, differs=False, **asked):
    return [reason["code"] for reason in FilterModule().filters()["twin_due"](known, {"differs": differs}, **asked)]


def test_a_twin_that_is_current_needs_no_cycle():
    assert codes(KNOWN) == []


@pytest.mark.parametrize(("known", "asked", "expected"), [
    ({}, {"differs": True}, ["changed"]),
    ({"known": False, "domain": None}, {}, ["new"]),
    ({"domain": None}, {"differs": True}, ["absent"]),
    ({"domain": {"state": "running", "touched": 1}}, {}, ["touched"]),
    ({"rebooted": True}, {}, ["rebooted"]),
    ({"audited": 0}, {}, ["audit"]),
    ({"audited": 0}, {"audit_interval": "99999999999"}, []),
    ({}, {"verify": "yes"}, ["verify"]),
    ({"paused": "On request."}, {}, []),
    ({"paused": "On request."}, {"differs": True}, ["changed"]),
    ({"paused": "On request."}, {"resume": True}, ["resume"]),
])
def test_each_reason_follows_from_the_record_or_the_options(known, asked, expected):
    assert codes(dict(KNOWN, **known), **asked) == expected
