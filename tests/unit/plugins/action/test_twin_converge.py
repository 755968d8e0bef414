# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action as far as there is no twin to enter: refusals, what would be made, and one sync at a time."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.action import twin_converge

CONVERGE = "safetytwin.twin.twin_converge"
ELSEWHERE = ["/etc/*/*", "/opt/*", "/usr/local/*"]  # whatever this machine is used for
# The lock stays with the child, whose process id is told.
HOLD = """
import os, subprocess
from module_utils._store.layout import twin_key
from module_utils._store.records import open_store
with open_store() as store, store.lease(twin_key("twin-web1"), "web1"):
    held = [os.path.realpath("/proc/self/fd/" + each) for each in os.listdir("/proc/self/fd")].index("/run/safetytwin/twin%2Ftwin-web1.lock")
    lock = int(os.listdir("/proc/self/fd")[held])
    print(subprocess.Popen(["sleep", "60"], pass_fds=[lock], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)
"""
NO_HARVESTS = {"no_json": "nonsense", "no_object": "[]", "no_harvest": "{}"}


def python(code, *arguments):
    return {"ansible.builtin.command": {"argv": ["/usr/bin/python3", "-c", code, *arguments]}}


@pytest.fixture(name="results", scope="module")
def fixture_results(play, tmp_path_factory):
    documents = {name: tmp_path_factory.mktemp(name) / "document.json" for name in NO_HARVESTS}
    for name, path in documents.items():
        path.write_text(NO_HARVESTS[name])
    return play({
        "nameless": {CONVERGE: {}},
        "hardware": {CONVERGE: {"host": "web1", "scopes": ["hardware"]}},
        "unknown": {CONVERGE: {"host": "web1"}},
        "harvest": {"safetytwin.twin.host_state_info": {"exclude": ELSEWHERE}},
        "first": {CONVERGE: {"host": "web1", "harvest": "{{ harvest.document }}"}, "check_mode": True},
        "no_file": {CONVERGE: {"host": "web1", "harvest": "/nonsense"}, "check_mode": True},
        **{name: {CONVERGE: {"host": "web1", "harvest": str(path)}, "check_mode": True} for name, path in documents.items()},
        "held": python(HOLD),
        "busy": {CONVERGE: {"host": "web1"}},
        "let_go": {"ansible.builtin.command": {"argv": ["kill", "{{ held.stdout }}"]}},
    }).results


@pytest.mark.parametrize(("name", "sentence"), [
    ("nameless", "missing required arguments: host"),
    ("hardware", "hardware cannot be converged; there are: accounts, files, packages, services."),
    ("unknown", "Nothing is known of web1 yet: run safetytwin.twin.sync, which harvests it first."),
])
def test_an_impossible_request_gives_a_sentence(results, name, sentence):
    assert results[name]["failed"]
    assert sentence in results[name]["msg"]


def test_check_mode_reports_that_a_missing_twin_would_be_created(results):
    first = results["first"]
    assert (first["twin"], first["changed"], first["revision"]) == ("absent", True, 0)
    assert "would be created" in first["line"]


def test_a_twin_that_another_sync_holds_is_not_changed(results):
    busy = results["busy"]
    assert (busy["busy"], busy["changed"]) == (True, False)
    assert busy["line"].startswith("Another sync of twin-web1 is running (process ")


@pytest.mark.parametrize(("name", "sentence"), [
    ("no_file", "The harvest /nonsense cannot be read"), ("no_json", "cannot be read (Expecting value"), ("no_object", "is not an object"),
    ("no_harvest", "The harvest of web1 has no format number this version knows"),
])
def test_a_document_that_is_no_harvest_is_a_sentence(results, name, sentence):
    assert results[name]["failed"]
    assert sentence in results[name]["msg"]


def test_the_header_of_a_difference_controls_no_terminal():
    shown = twin_converge._difference({"scope": "files", "key": "/etc/a\x1b[2J\n", "before": "", "after": ""})
    assert shown["before_header"] == shown["after_header"] == r"files /etc/a\x1b[2J\n"
