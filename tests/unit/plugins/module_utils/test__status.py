# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import functools

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils import _status
from ansible_collections.safetytwin.twin.plugins.module_utils._store import records


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A hypervisor with an empty store and no domain."""
    monkeypatch.setattr(_status, "open_store", functools.partial(records.open_store, str(tmp_path / "lib"), str(tmp_path / "run")))
    monkeypatch.setattr(_status.client, "connect", lambda: contextlib.nullcontext("libvirt"))
    monkeypatch.setattr(_status.client, "find_twin", lambda _conn, _name: None)
    return tmp_path


def test_an_unknown_host_gives_a_sentence_and_writes_nothing(host):
    told = _status.status({"host": "web1", "audit_interval": 600, "growth": False})
    assert (told["known"], told["revision"], told["domain"], told["rebooted"], told["revisions"]) == (False, 0, None, False, [])
    assert told["due"]
    assert all(set(reason) == {"code", "sentence", "whole"} for reason in told["due"])
    assert not list((host / "lib").glob("*.sqlite"))


def test_every_recorded_twin_of_the_host_is_named_whether_it_has_a_domain_or_not(host):
    with records.open_store(str(host / "lib"), str(host / "run")) as store:
        for name in ("web1", "web2"):
            store.take(name, {"format": 1, "machine": {"machine_id": "m"}, "scopes": {}}, "d1")
            store.adopt("twin-" + name, name)
        store.adopt("rehearsal", "web1", follows=False)
    for twin in (None, "rehearsal"):
        told = _status.status({"host": "web1", "twin": twin, "audit_interval": 600, "growth": False})
        assert (told["twins"], told["domain"]) == (["rehearsal", "twin-web1"], None)
    assert _status.status({"host": "web9", "audit_interval": 600, "growth": False})["twins"] == []
