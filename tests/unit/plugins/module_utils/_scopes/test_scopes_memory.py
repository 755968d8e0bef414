# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import memory
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import result

SCOPES = {"files": result({"/etc/a": {"type": "file", "digest": "d", "package": "p"}})}
OPTIONS = {"role": "host", "roots": ("/srv",), "exclude": ()}


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path / "run"


def test_a_stored_memory_is_loaded_by_the_next_read(directory):
    first = memory.Memory(OPTIONS)
    first.scope("files")["stamp"] = [1]
    first.keep("d1", SCOPES)
    second = memory.Memory(OPTIONS)
    assert second.scope("files") == {"stamp": [1]}
    assert second.state("d1")["files"]["items"] == {"/etc/a": {"type": "file", "digest": "d"}}, "desired fields alone"
    assert second.state("d2") is None
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_memory_of_other_options_or_formats_is_ignored(directory):
    memory.Memory(OPTIONS).keep("d1", SCOPES)
    assert memory.Memory(dict(OPTIONS, roots=())).state("d1") is None
    (directory / "state.json").write_text("{")
    (directory / "stamps.json").write_text('{"format": 0}')
    again = memory.Memory(OPTIONS)
    assert (again.state("d1"), again.digest, again.scope("files")) == (None, None, {})


def test_an_unchanged_harvest_writes_nothing(directory):
    memory.Memory(OPTIONS).keep("d1", SCOPES)
    before = {path.name: path.stat().st_ino for path in directory.iterdir()}
    memory.Memory(OPTIONS).keep("d1", SCOPES)
    assert {path.name: path.stat().st_ino for path in directory.iterdir()} == before


def test_only_root_stores_a_memory(directory, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    memory.Memory(OPTIONS).keep("d1", SCOPES)
    assert not directory.exists()
