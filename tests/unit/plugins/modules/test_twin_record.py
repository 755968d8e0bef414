# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, step by step: planned, done, and done already."""
from __future__ import annotations

import pytest

RECORD = "safetytwin.twin.twin_record"
KNOWN = """
from module_utils._store.records import open_store
with open_store() as store:
    store.take("web1", {"format": 1, "machine": {"machine_id": "m1"}, "scopes": {}}, "d1")
    store.adopt("twin-web1", "web1")
"""
TOLD = """
from module_utils._store.records import open_store
with open_store() as store:
    print(repr((store.head("twin-web1") or {}).get("paused")))
"""
STATES = ("paused", "following", "absent")
AFTER = {"following": "''", "paused": "'Looked at.'", "absent": "None"}


def python(code):
    return {"ansible.builtin.command": {"argv": ["/usr/bin/python3", "-c", code]}}


@pytest.fixture(name="results", scope="module")
def fixture_results(play):
    tasks = {"nobody": {RECORD: {"host": "web9", "state": "paused"}}, "unclear": {RECORD: {"host": "web1"}}, "known": python(KNOWN)}
    tasks["foreign"] = {RECORD: {"host": "web2", "twin": "twin-web1", "state": "paused"}}
    tasks["unknown"] = {RECORD: {"host": "web1", "twin": "rehearsal", "state": "paused"}}
    tasks["misspelt"] = {RECORD: {"host": "web1", "twin": "../x", "state": "paused"}}
    for state in STATES:
        task = {RECORD: {"host": "web1", "state": state, "reason": "Looked at."}, "diff": True}
        tasks.update({
            f"{state}_planned": {**task, "check_mode": True}, f"{state}_before": python(TOLD),
            f"{state}_done": task, f"{state}_after": python(TOLD), f"{state}_settled": {**task, "check_mode": True}, f"{state}_again": task,
        })
    return play(tasks).results


@pytest.mark.parametrize(("previous", "state"), list(zip(("following", *STATES), STATES)))
def test_a_state_is_planned_brought_about_and_kept(results, previous, state):
    planned, done = results[f"{state}_planned"], results[f"{state}_done"]
    assert results[f"{state}_before"]["stdout"] == AFTER[previous]
    assert results[f"{state}_after"]["stdout"] == AFTER[state]
    assert planned["changed"] and done["changed"]
    assert planned["diff"] == done["diff"] == {"before": previous + "\n", "after": state + "\n"}
    assert (done["previous"], results[f"{state}_again"]["previous"]) == (previous, state)
    assert not results[f"{state}_settled"]["changed"] and not results[f"{state}_again"]["changed"]


def test_refusals_are_sentences(results):
    assert "There is no record of the twin twin-web9 of web9 here: run safetytwin.twin.sync first." in results["nobody"]["msg"]
    assert "The twin twin-web1 is one of host web1, not of web2: nothing was changed." in results["foreign"]["msg"]
    assert "There is no record of the twin rehearsal of web1 here" in results["unknown"]["msg"]
    assert "'../x' is no twin id" in results["misspelt"]["msg"]
    assert "missing required arguments: state" in results["unclear"]["msg"]
