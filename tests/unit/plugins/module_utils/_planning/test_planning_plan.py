# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.diff import diff
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.impact import dependents
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.plan import plan
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import PHASES


def steps_of(actual, desired):
    changes = diff(actual, desired, {})
    return plan(changes, dependents(changes, desired, actual), desired, actual)["steps"]


def test_case(case):
    steps = steps_of(case["before"], case["after"])
    assert [[step["id"], step["verb"], step["because"]] for step in steps] == case["expected"]


def test_steps_say_everything_that_applying_needs(case):
    steps = steps_of(case["before"], case["after"])
    assert len({step["id"] for step in steps}) == len(steps)
    for step in steps:
        assert set(step) == {"id", "phase", "verb", "scope", "key", "want", "have", "because"}
        assert step["phase"] in PHASES
        if step["phase"] == "services" and step["want"] is not None:
            assert step["want"]["active"] in ("active", "inactive", "failed")


def test_two_thousand_changed_items_are_planned_at_once():
    def state(digest):
        file = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 1, "digest": digest}
        files = {"/etc/own/%04d" % number: dict(file) for number in range(1500)}
        units = {"u%03d.service" % number: {"load": "loaded", "active": "active", "package": "p", "digest": digest} for number in range(500)}
        return {
            scope: {"status": "ok", "note": "", "excluded": {}, "items": items} for scope, items in (("files", files), ("services", units))
        }

    before, after = state("a"), state("b")
    seconds = []
    for _attempt in range(5):
        start = time.process_time()
        steps = steps_of(before, after)
        seconds.append(time.process_time() - start)
    assert len(steps) == 1500
    assert min(seconds) <= 0.05
