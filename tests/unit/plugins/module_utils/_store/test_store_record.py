# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that a recorded twin is set to following or paused, or removed."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import following
from ansible_collections.safetytwin.twin.plugins.module_utils._store import record
from ansible_collections.safetytwin.twin.plugins.module_utils._store.layout import twin_key
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store

DOCUMENT = {"format": 1, "machine": {"machine_id": "m1"}, "scopes": {}}


@pytest.fixture(name="ensure")
def fixture_ensure(tmp_path):
    def ensure(host, state, why="", dry=False, lib="lib"):
        return record.ensure(following(host), host, state, why, dry, str(tmp_path / lib), str(tmp_path / "run"))

    with open_store(str(tmp_path / "lib")) as store:
        store.take("web1", DOCUMENT, "d1")
        store.adopt("twin-web1", "web1")
        store.adopt("clone", "web1", follows=False)
    return ensure


@pytest.fixture(name="paused")
def fixture_paused(tmp_path):
    def paused():
        with open_store(str(tmp_path / "lib")) as store:
            return store.twin("twin-web1").paused

    return paused


def test_pause_and_follow(ensure, paused):
    assert ensure("web1", "paused", "Because.") == "following"
    assert paused() == "Because."
    assert ensure("web1", "paused", "Again.") == "paused"
    assert paused() == "Because."
    assert ensure("web1", "following") == "paused"
    assert paused() == ""


def test_a_dry_run_changes_nothing(ensure, paused):
    assert ensure("web1", "paused", "Because.", dry=True) == "following"
    assert paused() == ""


def test_removing_a_record_twice_succeeds(ensure):
    assert ensure("web1", "absent") == "following"
    assert ensure("web1", "absent") == "absent"


def test_a_host_is_recorded_while_it_has_a_twin(ensure, tmp_path):
    ensure("web1", "absent")
    with open_store(str(tmp_path / "lib")) as store:
        assert store.hosts() == ["web1"] and [twin.id for twin in store.twins()] == ["clone"]
    assert record.ensure("clone", "web1", "absent", "", False, str(tmp_path / "lib"), str(tmp_path / "run")) == "following"
    with open_store(str(tmp_path / "lib")) as store:
        assert store.hosts() == [] and store.twins() == []


def test_a_twin_that_another_process_holds_is_not_changed(ensure, paused, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "LEASE_SECONDS", 0)
    held = open_store(str(tmp_path / "lib"), str(tmp_path / "run"))
    with held as store, store.lease(twin_key("twin-web1"), "web1"), pytest.raises(Busy, match="Another sync of twin-web1 is running"):
        ensure("web1", "paused", "Because.")
    assert paused() == ""


def test_check_mode_does_not_wait_for_another_process(ensure, tmp_path):
    with open_store(str(tmp_path / "lib"), str(tmp_path / "run")) as store, store.lease(twin_key("twin-web1"), "web1"):
        assert ensure("web1", "paused", "Because.", dry=True) == "following"


def test_the_record_of_a_twin_that_has_its_machine_is_not_removed(ensure, tmp_path):
    seed = tmp_path / "lib/twins/twin-web1/seed.iso"
    seed.parent.mkdir(parents=True)
    seed.touch()
    with pytest.raises(TwinError, match="twin-web1 of web1 still has its machine"):
        ensure("web1", "absent")
    seed.unlink()
    assert ensure("web1", "absent") == "following"


def test_a_twin_without_a_record_cannot_be_changed(ensure):
    for lib in ("lib", "nowhere"):
        with pytest.raises(TwinError, match="no record of the twin twin-web9 of web9"):
            ensure("web9", "following", lib=lib)
