# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action against this machine: its state as a document on the controller, never as variables."""
from __future__ import annotations

import json
import os

import pytest

READ = "safetytwin.twin.host_state_info"
FEW = {"scopes": ["accounts"]}  # quickly read, and idle while this machine is not


@pytest.fixture(name="played", scope="module")
def fixture_played(play, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept") / "document.json"
    played = play({
        "first": {READ: FEW, "check_mode": True},
        "mode": {"ansible.builtin.stat": {"path": "{{ first.document }}"}},
        "copied": {"ansible.builtin.copy": {"src": "{{ first.document }}", "dest": str(kept), "mode": "0600"}},
        "again": {READ: {"base": "{{ first.digest }}", **FEW}},
        "two": {READ: {"scopes": ["accounts", "hardware"]}},
        "unknown": {READ: {"scopes": ["processes of others"]}},
    })
    return played._replace(results=dict(played.results, document=json.loads(kept.read_text(encoding="ascii"))))


def test_the_result_is_a_summary_of_the_document(played):
    first, document = played.results["first"], played.results["document"]
    assert not first["changed"] and first["differs"]
    assert (first["digest"], first["machine"]["machine_id"]) == (document["digest"], document["machine"]["machine_id"])
    assert {name: scope["items"] for name, scope in first["scopes"].items()} == {name: len(scope["items"]) for name, scope in document["scopes"].items()}
    assert document["scopes"]["accounts"]["items"]["user:root"]["uid"] == 0


def test_the_document_is_for_its_owner_and_gone_with_the_run(played):
    assert played.results["mode"]["stat"]["mode"] == "0600"
    assert not os.path.exists(played.results["first"]["document"])


def test_against_its_own_digest_nothing_differs(played):
    again = played.results["again"]
    assert (again["differs"], again["scopes"], again["digest"]) == (False, {}, played.results["first"]["digest"])


def test_chosen_scopes_come_alone(played):
    assert sorted(played.results["two"]["scopes"]) == ["accounts", "hardware"]


def test_an_unknown_scope_is_refused_with_the_known_ones(played):
    known = "accounts, containers, files, hardware, packages, services"
    assert f"There is no scope processes of others. The scopes are: {known}." in played.results["unknown"]["msg"]
