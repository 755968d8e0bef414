# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._status import _due

RUNS = {"state": "running", "domain": "twin-web1", "directory": "/nonexistent", "address": "192.0.2.1", "port": 1}
HEAD = {"paused": "", "applying": "", "settled": 1, "seen": 1, "audited": time.time(), "fidelity": {}}


@pytest.mark.parametrize(("head", "twin", "sentence"), [
    (None, None, "the host is new"),
    (dict(HEAD, paused="Paused on request.", settled=0), None, ""),
    (HEAD, None, "the twin does not exist"),
    (HEAD, dict(RUNS, state="shutoff"), "the twin is shutoff"),
    (dict(HEAD, applying="[]"), RUNS, "the last cycle left something to do"),
    (dict(HEAD, settled=0), RUNS, "the last cycle left something to do"),
    (dict(HEAD, seen=0), RUNS, "the twin has not been read yet"),
    (dict(HEAD, audited=0), RUNS, "the audit is due"),
    (dict(HEAD, audited=time.time() + 86400), RUNS, "the audit is due"),
    (HEAD, RUNS, "the twin may have rebooted"),
])
def test_a_cycle_is_due_although_the_host_did_not_change(head, twin, sentence):
    assert _due(head, twin, {"audit_interval": 600}) == sentence
