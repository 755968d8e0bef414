# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action against this machine: its state as a document on the controller, never as variables."""
from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest

from ansible_collections.safetytwin.twin.plugins.action import host_state_info
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT

READ = "safetytwin.twin.host_state_info"
FEW = {"scopes": ["accounts"]}  # quickly read, and idle while this machine is not


@pytest.fixture(name="played", scope="module")
def fixture_played(play, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept") / "document.json"
    dest = kept.with_name("web1.json")
    stat_of = {"ansible.builtin.stat": {"path": str(dest)}}
    played = play({
        "first": {READ: FEW, "check_mode": True},
        "mode": {"ansible.builtin.stat": {"path": "{{ first.document }}"}},
        "copied": {"ansible.builtin.copy": {"src": "{{ first.document }}", "dest": str(kept), "mode": "0600"}},
        "again": {READ: {"base": "{{ first.digest }}", **FEW}},
        "two": {READ: {"scopes": ["accounts", "hardware"]}},
        "planned": {READ: {"dest": str(dest), **FEW}, "check_mode": True},
        "not_yet": stat_of,
        "written": {READ: {"dest": str(dest), **FEW}},
        "there": stat_of,
        "same": {READ: {"dest": str(dest), **FEW}},
        "opened": {"ansible.builtin.file": {"path": str(dest), "mode": "0644"}},
        "closed": {READ: {"dest": str(dest), **FEW}},
        "closed_again": stat_of,
        "other": {READ: {"dest": str(dest), "scopes": ["accounts", "hardware"]}},
        "directory": {READ: {"dest": str(kept.parent), **FEW}},
        "nowhere": {READ: {"dest": str(kept.parent / "no" / "x.json"), **FEW}},
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


def test_a_harvest_on_its_own_digest_is_empty(played):
    again = played.results["again"]
    assert (again["differs"], again["scopes"], again["digest"]) == (False, {}, played.results["first"]["digest"])


def test_only_chosen_scopes_are_read(played):
    assert sorted(played.results["two"]["scopes"]) == ["accounts", "hardware"]


def test_an_unknown_scope_is_refused_with_the_known_ones(played):
    known = "accounts, containers, files, hardware, packages, services"
    assert f"There is no scope processes of others. The scopes are: {known}." in played.results["unknown"]["msg"]


def test_the_document_is_left_where_the_user_asks_for_the_owner_alone(played):
    planned, written, there = (played.results[name] for name in ("planned", "written", "there"))
    assert planned["changed"] and not played.results["not_yet"]["stat"]["exists"]
    assert planned["document"] != written["document"] == there["stat"]["path"]
    assert written["changed"] and there["stat"]["mode"] == "0600"
    assert json.loads(open(written["document"], encoding="ascii").read())["scopes"].keys() == {"accounts", "hardware"}


def test_the_same_state_is_not_written_again(played):
    assert not played.results["same"]["changed"] and played.results["same"]["document"] == played.results["written"]["document"]
    assert played.results["other"]["changed"]


def test_a_document_that_others_may_read_is_closed(played):
    assert played.results["closed"]["changed"] and played.results["closed_again"]["stat"]["mode"] == "0600"


@pytest.mark.parametrize(("name", "sentence"), [("directory", "is a directory: name a file in it."), ("nowhere", "has no directory on the controller")])
def test_a_destination_that_cannot_be_written_is_refused(played, name, sentence):
    assert sentence in played.results[name]["msg"]


ACCOUNTS = {"status": "ok", "note": "", "items": {"user:root": {}}, "excluded": {}}
MACHINE = {
    "machine_id": "1" * 32, "boot_id": "", "hostname": "web1", "architecture": "x86_64", "product_uuid": "",
    "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian", "like": []},
}
REPLY = {
    "format": FORMAT, "digest": "a" * 64, "base": None, "machine": MACHINE, "scopes": {"accounts": ACCOUNTS}, "blobs": {}, "missing": [], "telemetry": {},
    "seconds": {"total": 1.5},
}


@pytest.fixture
def result(tmp_path, monkeypatch):
    """The action's result of a reply, as far as it is made on the controller."""
    monkeypatch.setattr(host_state_info.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    action = host_state_info.ActionModule.__new__(host_state_info.ActionModule)
    monkeypatch.setattr(host_state_info.ActionModule, "_where", lambda _self: "web1")
    action._task = SimpleNamespace(check_mode=False)
    return lambda reply, dest=None: action._result({"base": None, "dest": dest}, reply)


def without(name):
    return {key: value for key, value in REPLY.items() if key != name}


def test_a_reply_becomes_a_result(result):
    told = result(REPLY)
    assert (told["digest"], told["differs"], told["seconds"]) == ("a" * 64, True, {"total": 1.5})
    assert told["scopes"] == {"accounts": {"status": "ok", "note": "", "items": 1, "removed": 0, "excluded": 0}}


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"scopes": 5}', '{"scopes": [{}, 1]}', '{"scopes": {}, "blobs": 5}', "[" * 100000])
def test_a_file_of_another_kind_is_replaced_by_the_document(result, tmp_path, kept):
    path = tmp_path / "web1.json"
    path.write_text(kept)
    path.chmod(0o600)
    assert result(REPLY, dest=str(path))["changed"] and json.loads(path.read_text()) == REPLY
    assert not result(REPLY, dest=str(path))["changed"]


@pytest.mark.parametrize("reply", [
    None, [], "text", {}, *map(without, sorted(set(REPLY) - {"base"})),
    dict(REPLY, scopes=[]), dict(REPLY, scopes={"nonsense": ACCOUNTS}), dict(REPLY, blobs=5),
    dict(REPLY, digest="../etc"), dict(REPLY, machine={}), dict(REPLY, seconds=[]), dict(REPLY, format="x"), dict(REPLY, format=99),
])
def test_a_reply_of_the_wrong_shape_is_a_sentence(result, reply):
    with pytest.raises(TwinError, match=r"^The (harvest|state) of web1 .*[.]$|^The harvest of web1 has format 99"):
        result(reply)


@pytest.mark.parametrize("body", [None, [], "text", {}, dict(ACCOUNTS, items=[]), dict(ACCOUNTS, status=[]), dict(ACCOUNTS, note=None),
                                  dict(ACCOUNTS, excluded=None), dict(ACCOUNTS, removed="x")])
def test_a_scope_of_the_wrong_shape_has_failed(result, body):
    scope = result(dict(REPLY, scopes={"accounts": body}))["scopes"]["accounts"]
    assert (scope["status"], scope["items"]) == ("failed", 0)
    assert scope["note"].startswith("The scope accounts ") and scope["note"].endswith(".")


def test_stages_and_notes_are_fit_to_be_shown(result):
    told = result(dict(REPLY, seconds={"total": "long", "files": -1, "\033[2J": 2}, scopes={"accounts": dict(ACCOUNTS, note="\033[2J")}))
    assert told["seconds"] == {"\\x1b[2J": 2.0}
    assert told["scopes"]["accounts"]["note"] == "\\x1b[2J"
