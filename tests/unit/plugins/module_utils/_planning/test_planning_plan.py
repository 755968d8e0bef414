# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import graph
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.diff import diff
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.impact import dependents
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.plan import plan
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry_parts import appliers


def steps_of(actual, desired):
    changes = diff(actual, desired, {})
    return plan(changes, dependents(changes, desired, actual), desired, actual)


def test_case(case):
    steps = steps_of(case["before"], case["after"])
    assert [[step["id"], step["verb"], step["because"], step["requires"]] for step in steps] == case["expected"]


def test_a_step_contains_everything_that_applying_needs(case):
    steps = steps_of(case["before"], case["after"])
    assert len({step["id"] for step in steps}) == len(steps)
    known = {"%s.%s" % (scope, name) for scope, part in appliers().items() for name in part}
    for step in steps:
        assert set(step) == {"id", "batch", "verb", "scope", "key", "want", "have", "because", "requires", "after"}
        assert step["batch"] in known
        if step["batch"] == "services.run":
            assert step["want"]["active"] in ("active", "inactive", "failed")


def test_a_step_comes_after_the_steps_that_it_requires(case):
    steps = steps_of(case["before"], case["after"])
    assert graph.ordered(reversed(steps)) != [] or not steps
    assert graph.ordered(steps) == steps
    place = {step["id"]: number for number, step in enumerate(steps)}
    assert all(place[needed] < place[step["id"]] for step in steps for needed in step["requires"])


def test_fifteen_hundred_files_and_the_units_that_they_reach_are_all_planned():
    def state(digest):
        file = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 1, "digest": digest}
        files = {"/etc/own/%04d" % number: dict(file) for number in range(1500)}
        units = {"u%03d.service" % number: {"load": "loaded", "active": "active", "package": "p", "digest": digest} for number in range(500)}
        return {
            scope: {"status": "ok", "note": "", "excluded": {}, "items": items} for scope, items in (("files", files), ("services", units))
        }

    assert len(steps_of(state("a"), state("b"))) == 1500
