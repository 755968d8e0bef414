# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action as far as no twin is entered: refusals, plans, differences, and one sync at a time."""
from __future__ import annotations

import pytest

CONVERGE = "safetytwin.twin.twin_converge"
ELSEWHERE = ["/etc/*/*", "/opt/*", "/usr/local/*"]  # whatever this machine is used for
# The host as it was read, and a twin that lacks an account and has another mode of one file.
RECORD = """
import copy, json, sys
from module_utils import _intake, _store
with open(sys.argv[1], encoding="ascii") as stream:
    reply = json.load(stream)
with _store.Store() as store:
    document = _intake.take(store, "web1", reply)
    scopes = copy.deepcopy(document["scopes"])
    del scopes["accounts"]["items"]["user:games"]
    scopes["files"]["items"]["/etc/profile"]["mode"] = "0600"
    store.settle("web1", {"uuid": "u", "scopes": scopes, "substrate": None, "left": {}}, {}, {"changes": [], "counts": {}}, True)
"""
# The lock stays with the child, whose process id is told.
HOLD = """
import os, subprocess
from module_utils import _store
with _store.hold("web1"):
    held = [os.path.realpath("/proc/self/fd/" + each) for each in os.listdir("/proc/self/fd")].index("/run/safetytwin/web1.lock")
    lock = int(os.listdir("/proc/self/fd")[held])
    print(subprocess.Popen(["sleep", "60"], pass_fds=[lock], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)
"""


def python(code, *arguments):
    return {"ansible.builtin.command": {"argv": ["/usr/bin/python3", "-c", code, *arguments]}}


@pytest.fixture(name="results", scope="module")
def fixture_results(play):
    dry = {"check_mode": True, "diff": True}
    return play({
        "nameless": {CONVERGE: {}},
        "hardware": {CONVERGE: {"host": "web1", "scopes": ["hardware"]}},
        "unknown": {CONVERGE: {"host": "web1"}},
        "harvest": {"safetytwin.twin.host_state_info": {"exclude": ELSEWHERE}},
        "first": {CONVERGE: {"host": "web1", "harvest": "{{ harvest.document }}"}, **dry},
        "recorded": python(RECORD, "{{ harvest.document }}"),
        "whole": {CONVERGE: {"host": "web1"}, **dry},
        "same": {CONVERGE: {"host": "web1", "harvest": "{{ harvest.document }}"}, **dry},
        "chosen": {CONVERGE: {"host": "web1", "scopes": ["accounts"]}, **dry},
        "plain": {CONVERGE: {"host": "web1"}, "check_mode": True},
        "held": python(HOLD),
        "busy": {CONVERGE: {"host": "web1"}},
        "let_go": {"ansible.builtin.command": {"argv": ["kill", "{{ held.stdout }}"]}},
    }).results


@pytest.mark.parametrize(("name", "sentence"), [
    ("nameless", "missing required arguments: host"),
    ("hardware", "accounts, files, packages, services. Got no match for: hardware"),
    ("unknown", "Nothing is known of web1 yet: run safetytwin.twin.sync, which harvests it first."),
])
def test_what_cannot_be_done_is_a_sentence(results, name, sentence):
    assert results[name]["failed"]
    assert sentence in results[name]["msg"]


def test_a_twin_that_is_not_there_would_be_made(results):
    first = results["first"]
    assert (first["twin"], first["changed"], first["revision"]) == ("absent", True, 0)
    assert "would be made" in first["line"]


def test_the_plan_names_what_differs(results):
    whole = results["whole"]
    assert (whole["twin"], whole["changed"], whole["counts"]) == ("following", True, {"accounts": 1, "files": 1})
    assert {(change["scope"], change["key"]) for change in whole["changes"]} == {("accounts", "user:games"), ("files", "/etc/profile")}
    assert whole["line"].startswith("web1  r1  2 changes (accounts user:games, files /etc/profile")


def test_a_harvest_of_the_recorded_state_gives_the_same_plan(results):
    assert results["same"]["changes"] == results["whole"]["changes"]
    assert results["same"]["seconds"]["harvest"] > 0


def test_differences_are_shown_before_and_after(results):
    shown = {each["before_header"]: each for each in results["whole"]["diff"]}
    profile, games = shown["files /etc/profile"], shown["accounts user:games"]
    changed = set(profile["before"].splitlines()) ^ set(profile["after"].splitlines())
    assert changed == {'mode: "0600"', 'mode: "0644"'}
    assert games["before"] == ""
    assert 'home: "/usr/games"' in games["after"]
    assert "diff" not in results["plain"]


def test_a_chosen_scope_is_planned_alone(results):
    assert results["chosen"]["counts"] == {"accounts": 1}


def test_a_twin_that_another_sync_holds_is_left_to_it(results):
    busy = results["busy"]
    assert (busy["busy"], busy["changed"]) == (True, False)
    assert busy["line"].startswith("Another sync of web1 is running (process ")
