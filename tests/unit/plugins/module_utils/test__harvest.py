# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import json
import os
import stat

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils import _harvest
from ansible_collections.safetytwin.twin.plugins.module_utils._base import errors
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import memory, reading
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import collect as files
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import merge, state_digest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps a memory")


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A scope of two real files under a root of the user's, and a second scope; memory in a directory of the test."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text("one\n")
    (tree / "b").write_text("two\n")
    monkeypatch.setattr(memory, "DIRECTORY", str(tmp_path / "run"))
    scopes = {"files": _only_under(tree), "accounts": reading.collectors()["accounts"]}
    for module in (_harvest, reading):
        monkeypatch.setattr(module, "SCHEMA", scopes)
    monkeypatch.setattr(reading, "collectors", lambda: scopes)
    monkeypatch.setattr(_harvest, "TELEMETRY", {})
    return tree


def _only_under(tree):
    def collect(context):
        context.only = {str(tree / name) for name in os.listdir(tree)}
        return files.collect(context)

    return collect


def remembered(host):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (host.parent / "run").iterdir()}


def test_the_first_harvest_contains_everything(host):
    reply = _harvest.harvest({"role": "host", "base": None})
    assert reply["base"] is None and reply["digest"] == state_digest(reply["scopes"]) and not reply["missing"]
    assert sorted(map(base64.b64decode, reply["blobs"].values())) == [b"one\n", b"two\n"]
    assert stat.S_IMODE((host.parent / "run").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (host.parent / "run").iterdir()} == {0o600}
    json.dumps(reply)


def test_an_unchanged_machine_answers_nothing_and_writes_nothing(host, monkeypatch):
    digests = {_harvest.harvest({"role": "host"})["digest"] for _time in range(20)}
    monkeypatch.setattr(memory, "_write", lambda *_args: pytest.fail("an unchanged harvest wrote"))
    reply = _harvest.harvest({"role": "host", "base": digests.pop()})
    assert not digests and reply["base"] == reply["digest"] and reply["scopes"] == {} == reply["blobs"]


def test_a_delta_contains_only_the_change_and_leads_to_the_same_state(host):
    first = _harvest.harvest({"role": "host"})
    (host / "a").write_text("changed\n")
    (host / "b").unlink()
    (host / "c").write_text("new\n")
    reply = _harvest.harvest({"role": "host", "base": first["digest"]})
    assert reply["base"] == first["digest"] and list(reply["scopes"]) == ["files"]
    assert reply["scopes"]["files"]["removed"] == [str(host / "b")]
    assert sorted(map(base64.b64decode, reply["blobs"].values())) == [b"changed\n", b"new\n"]
    assert state_digest(merge(first["scopes"], reply["scopes"])) == reply["digest"]


def test_an_unknown_base_gets_everything(host):
    _harvest.harvest({"role": "host"})
    reply = _harvest.harvest({"role": "host", "base": "0" * 64})
    assert reply["base"] is None and reply["digest"] == state_digest(reply["scopes"])


@pytest.mark.parametrize("content", ["", "{", "{\"format\": 99}"])
def test_a_broken_memory_is_no_memory(host, content):
    first = _harvest.harvest({"role": "host"})
    for name in ("state.json", "stamps.json"):
        (host.parent / "run" / name).write_text(content)
    reply = _harvest.harvest({"role": "host", "base": "1" * 64})
    assert reply["digest"] == first["digest"] and reply["base"] is None


def test_wanted_contents_come_if_they_are_still_there(host):
    base = _harvest.harvest({"role": "host"})["digest"]
    one, none = hashlib.sha256(b"one\n").hexdigest(), hashlib.sha256(b"none").hexdigest()
    reply = _harvest.harvest({"role": "host", "base": base, "want": [one, none]})
    assert list(reply["blobs"]) == [one] and reply["missing"] == [none]


def test_secret_contents_cannot_be_wanted(host):
    secret = b"DB_PASSWORD=hunter2\n"
    (host / "env").write_bytes(secret)
    reply = _harvest.harvest({"role": "host", "want": [hashlib.sha256(secret).hexdigest()]})
    assert reply["missing"] == [hashlib.sha256(secret).hexdigest()]
    assert "hunter2" not in json.dumps(reply) + "".join(path.read_text() for path in (host.parent / "run").iterdir())


def test_contents_beyond_the_budget_are_named_as_missing(host, monkeypatch):
    monkeypatch.setattr(_harvest, "BUDGET", 4)
    reply = _harvest.harvest({"role": "host"})
    assert len(reply["blobs"]) == len(reply["missing"]) == 1
    again = _harvest.harvest({"role": "host", "base": reply["digest"], "want": reply["missing"]})
    assert list(again["blobs"]) == reply["missing"]


def test_small_contents_come_first_and_the_state_takes_its_room(host, monkeypatch):
    (host / "large").write_bytes(b"x" * 900)
    state = len(json.dumps(_harvest.harvest({"role": "host"})["scopes"]))
    monkeypatch.setattr(_harvest, "TEXT", (1 << 20) + state + 1200)
    reply = _harvest.harvest({"role": "host"})
    assert reply["missing"] == [hashlib.sha256(b"x" * 900).hexdigest()] and len(reply["blobs"]) == 2


def test_a_scope_that_fails_fails_alone(host, monkeypatch):
    def broken(_context):
        raise errors.TwinError("The database is locked.")

    monkeypatch.setitem(_harvest.SCHEMA, "accounts", broken)
    reply = _harvest.harvest({"role": "host"})
    assert reply["scopes"]["accounts"]["status"] == "failed" and "database is locked" in reply["scopes"]["accounts"]["note"]
    assert reply["scopes"]["files"]["status"] == "ok"


def test_a_part_of_the_scopes_leaves_the_memory_alone(host):
    _harvest.harvest({"role": "host"})
    before = remembered(host)
    assert list(_harvest.harvest({"role": "host", "scopes": ["accounts"]})["scopes"]) == ["accounts"]
    assert remembered(host) == before


def test_an_unknown_scope_is_refused_in_a_sentence(host):
    with pytest.raises(errors.TwinError, match="no scope weather"):
        _harvest.harvest({"role": "host", "scopes": ["weather"]})


def test_twins_carry_no_contents(host):
    assert _harvest.harvest({"role": "twin"})["blobs"] == {}


def test_reading_back_touches_the_named_keys_only(host):
    scopes = reading.readback({"accounts": ["user:root", "user:nobody-of-that-name"]})
    assert list(scopes["accounts"]["items"]) == ["user:root"]
    assert not (host.parent / "run").exists()
