# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._converge import engine
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.step_result import CHANGED


def step(number, phase, want=None):
    return {"id": number, "phase": phase, "verb": "", "scope": phase, "key": str(number), "want": want, "have": None, "because": ""}


def test_what_goes_stops_first_and_its_account_goes_last():
    seen = []

    def recorder(name):
        def apply(steps, spool):
            seen.append((name, [one["id"] for one in steps]))
            return {one["id"]: CHANGED for one in steps}
        return apply

    order = [(phase, belongs, recorder(apply.__name__)) for phase, belongs, apply in engine.ORDER]
    steps = [step(1, "accounts", {}), step(2, "accounts"), step(3, "packages"), step(4, "files", {}), step(5, "services", {}), step(6, "services")]
    results, seconds = engine.converge(steps, None, order)
    assert seen == [("leave", [6]), ("apply", [1]), ("apply", [3]), ("apply", [4]), ("apply", [5]), ("apply", [2])]
    assert [result["id"] for result in results] == [1, 2, 3, 4, 5, 6]
    assert set(seconds) == {"accounts", "packages", "files", "services"}


def test_a_batch_that_breaks_fails_alone():
    def broken(steps, spool):
        raise TwinError("The bus is gone.")

    def fine(steps, spool):
        return {one["id"]: CHANGED for one in steps}

    order = [("files", lambda one: True, broken), ("services", lambda one: True, fine)]
    results, _seconds = engine.converge([step("f", "files"), step("s", "services")], None, order)
    assert results == [{"id": "f", "changed": False, "failed": "The bus is gone."}, {"id": "s", "changed": True, "failed": None}]


def test_a_phase_of_another_version_is_a_sentence():
    results, _seconds = engine.converge([step(1, "kernel")], None)
    assert "no such phase" in results[0]["failed"]
