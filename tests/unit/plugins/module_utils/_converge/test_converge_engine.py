# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is applied as its graph says: in order, at the same time where nothing says otherwise, and each failure is its own."""
from __future__ import annotations

import threading

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._converge import engine
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.step_result import CHANGED, Done, failed


def step(name, batch, after=(), requires=(), key=None):
    return {
        "id": name, "batch": batch, "verb": "ensure", "scope": batch.partition(".")[0], "key": key or name, "want": {}, "have": None, "because": "",
        "requires": list(requires), "after": list(after),
    }


def fine(steps, _spool):
    return {one["id"]: CHANGED for one in steps}


def outcomes(steps, **known):
    results, _seconds = engine.converge(steps, None, {name.replace("_", "."): applier for name, applier in known.items()})
    return {result["id"]: (result["changed"], result["failed"]) for result in results}


def test_batches_are_applied_in_order_and_results_stand_in_the_same_order():
    seen = []

    def recorder(steps, _spool):
        seen.extend(one["id"] for one in steps)
        return fine(steps, None)

    steps = [step("run", "s.run", ["f.place"]), step("file", "f.place", ["p.change"]), step("pkg", "p.change")]
    results, seconds = engine.converge(steps, None, dict.fromkeys(["s.run", "f.place", "p.change"], recorder))
    assert seen == ["pkg", "file", "run"] == [result["id"] for result in results]
    assert set(seconds) == {"p.change", "f.place", "s.run"}


def test_independent_batches_run_at_the_same_time():
    both = threading.Barrier(2, timeout=10)

    def meets(steps, _spool):
        both.wait()
        return fine(steps, None)

    assert outcomes([step("a", "a.a"), step("b", "b.b")], a_a=meets, b_b=meets) == {"a": (True, None), "b": (True, None)}


@pytest.mark.parametrize(("error", "said"), [
    (TwinError("The bus is gone."), "The bus is gone."),
    (PermissionError(13, "Permission denied", "/etc/passwd"), "/etc/passwd: Permission denied."),
    (ValueError("invalid literal for int()"), "ValueError: invalid literal for int()"),
    (KeyError("gid"), "KeyError: 'gid'"),
])
def test_an_error_of_any_type_is_the_failure_of_the_step_at_fault_alone(error, said):
    def breaks_on_bad(steps, _spool):
        if any(one["key"] == "bad" for one in steps):
            raise error
        return fine(steps, None)

    steps = [step("f%d" % number, "f.place", key="bad" if number == 3 else None) for number in range(7)] + [step("s", "s.run", ["f.place"])]
    found = outcomes(steps, f_place=breaks_on_bad, s_run=fine)
    assert found.pop("f3") == (False, said)
    assert set(found.values()) == {(True, None)} and len(found) == 7


def test_steps_that_require_a_failed_step_are_skipped_and_others_run():
    def fails_first(steps, _spool):
        return {one["id"]: failed("No room.") if one["id"] == "file" else CHANGED for one in steps}

    steps = [
        step("file", "files.place", key="/etc/shop"), step("other", "files.place"), step("unit", "services.run", requires=["file"], key="shop.service"),
        step("behind", "services.run", requires=["unit"]), step("free", "services.run", requires=["other"]),
    ]
    found = outcomes(steps, files_place=fails_first, services_run=fine)
    assert found["unit"] == (False, "dependency_failed: files /etc/shop")
    assert found["behind"] == (False, "dependency_failed: services shop.service")
    assert found["free"] == found["other"] == (True, None)


def test_a_step_that_reached_something_else_blocks_nothing():
    def nearest(steps, _spool):
        return {one["id"]: Done(True, "package_version_gone: 2 is here instead of 1") for one in steps}

    found = outcomes([step("pkg", "packages.change"), step("unit", "services.run", requires=["pkg"])], packages_change=nearest, services_run=fine)
    assert found["unit"] == (True, None)


def test_a_requirement_that_is_not_in_the_plan_is_met():
    assert outcomes([step("unit", "services.run", requires=["files:/etc/x"])], services_run=fine) == {"unit": (True, None)}


def test_a_batch_of_another_version_is_a_sentence():
    assert "install the same version" in outcomes([step("k", "kernel.set")])["k"][1]


def test_a_step_that_its_applier_forgets_has_failed():
    assert "did not report" in outcomes([step("a", "a.a")], a_a=lambda _steps, _spool: {})["a"][1]
