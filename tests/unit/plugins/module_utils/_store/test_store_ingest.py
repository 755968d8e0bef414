# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a harvest to a recorded state: only the right machine, only undamaged, only against the newest."""
from __future__ import annotations

import base64
import copy

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, Refused, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import delta, state_digest
from ansible_collections.safetytwin.twin.plugins.module_utils._store import ingest


def scopes(motd=b"hello"):
    files = {
        "/etc/motd": {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": len(motd), "digest": digest(motd)},
        "/etc/apt/sources.list": {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 3, "digest": digest(b"deb")},
    }
    accounts = {"group:root": {"gid": 0, "members": []}}
    return {
        "files": {"status": "ok", "note": "", "items": files, "excluded": {}},
        "accounts": {"status": "ok", "note": "", "items": accounts, "excluded": {}},
        "packages": {"status": "ok", "note": "", "items": {}, "excluded": {}},
    }


def reply(state, base=None, machine_id="m1", blobs=(b"hello", b"deb")):
    return {
        "format": 1, "machine": {"machine_id": machine_id, "distribution": {"id": "debian"}, "architecture": "x86_64"}, "digest": state_digest(state),
        "base": base, "scopes": state, "blobs": {digest(content): base64.b64encode(content).decode() for content in blobs},
    }


def take(store, host, harvest):
    """What a cycle does with a harvest."""
    document = ingest.read(store, host, harvest)
    ingest.keep(store, host, harvest, document)
    return document


def test_a_whole_harvest_is_taken(store):
    document = take(store, "web1", reply(scopes()))
    assert document["scopes"] == scopes()
    assert store.document("web1") == document
    assert store.blobs.get(digest(b"hello")) == b"hello"
    assert [source["path"] for source in ingest.apt_sources(store, document["scopes"])] == ["/etc/apt/sources.list"]
    assert ingest.image_facts(store, document)["sources"][0]["content"] == base64.b64encode(b"deb").decode()


def test_a_difference_is_merged(store):
    take(store, "web1", reply(scopes()))
    later = scopes(b"changed")
    changes = dict(reply(later, base=state_digest(scopes())), scopes=delta(scopes(), later), blobs={})
    assert set(changes["scopes"]) == {"files"} and set(changes["scopes"]["files"]["items"]) == {"/etc/motd"}
    assert take(store, "web1", changes)["scopes"] == later
    assert store.host("web1").revision == 2


def test_the_same_state_is_no_new_revision(store):
    take(store, "web1", reply(scopes()))
    take(store, "web1", reply(scopes()))
    assert store.host("web1").revision == 1


def test_another_machine_under_the_same_name_is_refused(store):
    take(store, "web1", reply(scopes()))
    with pytest.raises(Refused, match="m2.*m1"):
        take(store, "web1", reply(scopes(b"changed"), machine_id="m2"))
    assert store.host("web1").revision == 1


@pytest.mark.parametrize(("distribution", "words"), [
    ({"id": "fedora", "name": "Fedora Linux 40", "like": []}, "web1 is Fedora Linux 40: hosts of the Debian family"),
    ({"id": "rocky", "like": ["rhel", "centos", "fedora"]}, "web1 is rocky: hosts of the Debian family"),
    ({"id": ""}, "unknown distribution"),
])
def test_a_host_that_cannot_be_mirrored_is_refused_before_anything_is_kept(store, distribution, words):
    harvest = reply(scopes())
    harvest["machine"]["distribution"] = distribution
    with pytest.raises(Refused, match=words):
        take(store, "web1", harvest)
    assert store.host("web1") is None and store.blobs.get(digest(b"hello")) is None


def test_what_is_made_of_debian_is_taken(store):
    harvest = reply(scopes())
    harvest["machine"]["distribution"] = {"id": "raspbian", "like": ["debian"]}
    assert take(store, "web1", harvest)["scopes"] == scopes()


def test_a_harvest_against_an_old_state_waits_for_the_next_cycle(store):
    take(store, "web1", reply(scopes()))
    with pytest.raises(Busy):
        take(store, "web1", reply(scopes(b"changed"), base="0" * 64))


def test_damage_on_the_way_is_found(store):
    damaged = copy.deepcopy(reply(scopes()))
    damaged["scopes"]["files"]["items"]["/etc/motd"]["mode"] = "0777"
    with pytest.raises(TwinError, match="damaged"):
        take(store, "web1", damaged)
    assert store.host("web1") is None


def test_a_newer_format_is_refused(store):
    with pytest.raises(TwinError, match="format 2.*upgrade"):
        take(store, "web1", dict(reply(scopes()), format=2))


def test_reading_writes_nothing(store):
    assert ingest.read(store, "web1", reply(scopes()))["scopes"] == scopes()
    assert store.host("web1") is None
    with pytest.raises(TwinError, match="Nothing is known"):
        ingest.known(store, "web1")
