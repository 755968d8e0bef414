# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages.steps import STEPS, steps
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import PlanContext


def test_removals_come_before_installations():
    changes = [
        Change("packages", "b:all", None, {"version": "1"}, ()), Change("packages", "z:all", {"version": "1"}, None, ()),
        Change("packages", "a:all", {"version": "1"}, {"version": "2"}, ("version",)), Change("files", "/a", None, {}, ()),
    ]
    made = steps(PlanContext(changes, {}, {}, {}, {}))
    assert [(step["key"], step["verb"], step["because"]) for step in made] == [
        ("z:all", "remove", "the host does not have it"), ("a:all", "ensure", "version differs"), ("b:all", "ensure", "the twin does not have it"),
    ]
    assert {step["batch"] for step in made} == set(STEPS.batches) == {"packages.change"}
