# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that a harvest is recorded only if it is of the right machine, undamaged, and based on the newest state."""
from __future__ import annotations

import base64
import copy

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, Refused, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT
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


M1, M2 = "1" * 32, "2" * 32


def reply(state, base=None, machine_id=M1, blobs=(b"hello", b"deb")):
    distribution = {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian GNU/Linux 12", "like": []}
    return {
        "format": FORMAT, "digest": state_digest(state), "base": base, "scopes": state, "missing": [], "telemetry": {}, "seconds": {"total": 1.5},
        "machine": {"machine_id": machine_id, "boot_id": "", "hostname": "web1", "distribution": distribution, "architecture": "x86_64", "product_uuid": ""},
        "blobs": {digest(content): base64.b64encode(content).decode() for content in blobs},
    }


def take(store, host, reply):
    """What a cycle does with a harvest."""
    harvest = ingest.read(store, host, reply)
    ingest.keep(store, host, harvest)
    return ingest.document_of(harvest)


def test_a_whole_harvest_is_recorded(store):
    document = take(store, "web1", reply(scopes()))
    assert document["scopes"] == scopes()
    assert store.document("web1") == document
    assert store.blobs.get(digest(b"hello")) == b"hello"


def test_what_is_refused_is_recorded_with_the_host(store):
    bad = scopes()
    bad["files"]["items"]["/opt/a"] = dict(bad["files"]["items"]["/etc/motd"], mode="rwx")
    take(store, "web1", reply(bad))
    store.adopt("twin-web1", "web1")
    (sentence,) = store.head("twin-web1")["refused"]
    assert sentence.startswith("files /opt/a is refused: it has a mode that ")
    for number in range(60):
        bad["files"]["items"]["/opt/%02d" % number] = bad["files"]["items"]["/opt/a"]
    take(store, "web1", reply(bad))
    refused = store.head("twin-web1")["refused"]
    assert len(refused) == 51 and refused[-1] == "11 more are refused."
    take(store, "web1", reply(scopes()))
    assert store.head("twin-web1")["refused"] == []


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
    with pytest.raises(Refused, match="%s.*%s" % (M2, M1)):
        take(store, "web1", reply(scopes(b"changed"), machine_id=M2))
    assert store.host("web1").revision == 1


@pytest.mark.parametrize(("distribution", "words"), [
    ({"id": "fedora", "name": "Fedora Linux 40", "like": []}, "web1 is Fedora Linux 40, but only hosts of the Debian family"),
    ({"id": "rocky", "name": "", "like": ["rhel", "centos", "fedora"]}, "web1 is rocky, but only hosts of the Debian family"),
    ({"id": "", "name": ""}, "unknown distribution"),
])
def test_a_host_that_cannot_be_mirrored_is_refused_before_anything_is_kept(store, distribution, words):
    harvest = reply(scopes())
    harvest["machine"]["distribution"].update(distribution)
    with pytest.raises(Refused, match=words):
        take(store, "web1", harvest)
    assert store.host("web1") is None and store.blobs.get(digest(b"hello")) is None


def test_derivatives_of_debian_are_accepted(store):
    harvest = reply(scopes())
    harvest["machine"]["distribution"].update(id="raspbian", like=["debian"])
    assert take(store, "web1", harvest)["scopes"] == scopes()


def test_a_harvest_against_an_old_state_waits_for_the_next_cycle(store):
    take(store, "web1", reply(scopes()))
    with pytest.raises(Busy):
        take(store, "web1", reply(scopes(b"changed"), base="0" * 64))


def test_damage_in_transit_is_found(store):
    damaged = copy.deepcopy(reply(scopes()))
    damaged["scopes"]["files"]["items"]["/etc/motd"]["mode"] = "0777"
    with pytest.raises(TwinError, match="damaged"):
        take(store, "web1", damaged)
    assert store.host("web1") is None


def test_a_newer_format_is_refused(store):
    with pytest.raises(TwinError, match="format %d.*upgrade" % (FORMAT + 1)):
        take(store, "web1", dict(reply(scopes()), format=FORMAT + 1))


def test_reading_writes_nothing(store):
    assert ingest.read(store, "web1", reply(scopes()))["scopes"] == scopes()
    assert store.host("web1") is None and store.blobs.get(digest(b"hello")) is None
    with pytest.raises(TwinError, match="Nothing is known"):
        ingest.known(store, "web1")


def broken(state):
    """A state with an item that breaks a rule, beside those that do not."""
    made = copy.deepcopy(state)
    made["files"]["items"]["/etc/motd"]["owner"] = "-o"
    made["accounts"]["items"]["user:a\x1b"] = {"uid": 1}
    return made


def test_an_invalid_item_stays_left_out_for_three_cycles(store):
    """The host's digests are over all that it says; what was left out must not look like damage, at no later delta."""
    first = broken(scopes())
    known = take(store, "web1", reply(first))["scopes"]
    assert set(known["files"]["items"]) == {"/etc/apt/sources.list"} and "user:a\\x1b" in known["accounts"]["excluded"]
    assert known["files"]["excluded"] == {"/etc/motd": "invalid: it has a owner that is not a name of a user or group"}
    assert store.host("web1").digest == state_digest(first)

    unchanged = dict(reply(first, base=state_digest(first)), scopes={}, blobs={})
    assert take(store, "web1", unchanged)["scopes"] == known and store.host("web1").revision == 1

    second = copy.deepcopy(first)
    second["files"]["items"]["/etc/new"] = {"type": "link", "owner": "root", "group": "root", "target": "x"}
    known = take(store, "web1", dict(reply(second, base=state_digest(first)), scopes=delta(first, second), blobs={}))["scopes"]
    assert set(known["files"]["items"]) == {"/etc/apt/sources.list", "/etc/new"} and set(known["files"]["excluded"]) == {"/etc/motd"}

    third = copy.deepcopy(second)
    third["files"]["items"]["/etc/motd"]["owner"] = "root"
    del third["accounts"]["items"]["user:a\x1b"]
    known = take(store, "web1", dict(reply(third, base=state_digest(second)), scopes=delta(second, third), blobs={}))["scopes"]
    assert known == third and store.host("web1").revision == 3
    kept = [store.history.state("web1", number)["scopes"]["files"] for number in (1, 2, 3)]
    assert [sorted(body["excluded"]) for body in kept] == [["/etc/motd"], ["/etc/motd"], []], "each revision can be read again"


def test_the_last_valid_state_of_an_item_is_kept(store):
    take(store, "web1", reply(scopes()))
    later = broken(scopes(b"changed"))
    known = take(store, "web1", dict(reply(later, base=state_digest(scopes())), scopes=delta(scopes(), later)))["scopes"]
    assert known["files"]["items"] == scopes()["files"]["items"]
    assert known["files"]["excluded"]["/etc/motd"].startswith("invalid_last_kept: ")
    gone = copy.deepcopy(later)
    del gone["files"]["items"]["/etc/motd"]
    known = take(store, "web1", dict(reply(gone, base=state_digest(later)), scopes=delta(later, gone)))["scopes"]
    assert set(known["files"]["items"]) == {"/etc/apt/sources.list"} and known["files"]["excluded"] == {}


def test_a_scope_of_the_wrong_shape_fails_and_is_asked_for_as_a_whole_until_it_is_right(store):
    take(store, "web1", reply(scopes()))
    bad = dict(reply(scopes()), scopes=dict(scopes(), files={"status": "ok", "note": "", "items": [], "excluded": {}}), digest="a" * 64)
    for _cycle in range(3):
        known = take(store, "web1", bad)["scopes"]
        assert known["files"]["status"] == "failed" and "no valid items" in known["files"]["note"]
        assert known["files"]["items"] == scopes()["files"]["items"] and known["accounts"] == scopes()["accounts"]
    head = store.host("web1")
    assert head.revision == 2 and head.digest not in ("a" * 64, state_digest(scopes())), "no host has this digest, so that it answers in full"
    assert take(store, "web1", reply(scopes()))["scopes"] == scopes()


def test_contents_with_a_wrong_digest_or_without_a_file_are_left_out(store):
    harvest = reply(scopes())
    harvest["blobs"] = {digest(b"hello"): base64.b64encode(b"other").decode(), digest(b"deb"): "***", digest(b"foreign"): base64.b64encode(b"foreign").decode()}
    take(store, "web1", harvest)
    assert [store.blobs.get(digest(content)) for content in (b"hello", b"deb", b"foreign", b"other")] == [None] * 4
