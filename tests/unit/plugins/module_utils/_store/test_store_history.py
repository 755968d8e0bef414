# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that each revision can be read by itself, as a delta and as a whole state."""
from __future__ import annotations

import copy
import os

import hypothesis
import hypothesis.strategies as some
import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import state as states
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import delta, state_digest
from ansible_collections.safetytwin.twin.plugins.module_utils._store import history, interface
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import Store, open_store

FILE = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 1}
NAMES = ("/etc/a", "/etc/b", "/etc/\udcff")


def body(items, status="ok", excluded=()):
    return {"status": status, "note": "", "items": items, "excluded": dict.fromkeys(excluded, "excluded")}


FILES = some.builds(
    body, some.dictionaries(some.sampled_from(NAMES), some.sampled_from("xyz").map(lambda digest: dict(FILE, digest=digest))),
    some.sampled_from(("ok", "failed")), some.sets(some.sampled_from(NAMES)),
)
PACKAGES = some.builds(body, some.dictionaries(some.sampled_from(("a:amd64", "b:all")), some.sampled_from("12").map(lambda version: {"version": version})))
SCOPES = some.fixed_dictionaries({"files": FILES}, optional={"packages": PACKAGES})


def take(store, scopes, name="web1"):
    host = store.host(name)
    document = {"format": 1, "machine": {"machine_id": "m1"}, "scopes": scopes}
    return store.take(name, document, state_digest(scopes), host, store.document(name)["scopes"] if host else {})


def file(text):
    return {"files": body({"/etc/a": dict(FILE, digest=text)})}


@pytest.fixture(name="often", autouse=True)
def fixture_often(monkeypatch):
    """Whole revisions come often enough to be met."""
    monkeypatch.setattr(history, "WHOLE_EVERY", 4)


@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(chain=some.lists(SCOPES, min_size=1, max_size=11))
def test_every_revision_is_read_whole_and_as_a_delta(tmp_path_factory, chain):
    with open_store(str(tmp_path_factory.mktemp("store"))) as store:
        for scopes in chain:
            take(store, scopes)
        for number, scopes in enumerate(chain, 1):
            whole = store.history.state("web1", number)
            assert state_digest(whole["scopes"]) == state_digest(scopes) == store.history.revision("web1", number).digest
            assert {name: each["items"] for name, each in whole["scopes"].items()} == {name: each["items"] for name, each in scopes.items()}
            before = chain[number - 2] if number > 1 else {}
            assert store.history.delta("web1", number) == {"format": 1, "machine": {"machine_id": "m1"}, "scopes": delta(before, scopes)}


def test_revisions_are_read_one_by_one(store):
    for text in "abc":
        take(store, file(text))
    assert [store.history.revision("web1", number).number for number in (1, 2, 3)] == [1, 2, 3]
    assert [each.number for each in store.history.newest("web1", 2)] == [3, 2]
    assert store.history.oldest("web1") == 1 and store.history.oldest("web9") == 0
    with pytest.raises(TwinError, match="web1 has no revision 4: revisions are kept from 1 on"):
        store.history.revision("web1", 4)
    with pytest.raises(TwinError, match="web9 has no revision 1[.]"):
        store.history.state("web9", 1)


def test_a_large_delta_becomes_a_document(store, monkeypatch):
    monkeypatch.setattr(history, "VALUE_LIMIT", 200)
    noise = {"/etc/%d" % number: dict(FILE, digest=os.urandom(32).hex()) for number in range(20)}
    take(store, {"files": body(noise)})
    take(store, file("b"))
    assert max(len(entry.value) for _key, entry in store.backend.scan("delta/", "delta0")) < 200
    assert store.history.state("web1", 1)["scopes"]["files"]["items"] == noise
    assert store.history.state("web1", 2)["scopes"] == file("b")


def test_entries_stay_below_the_limit(store):
    take(store, {"files": body({"/etc/%d" % number: dict(FILE, digest=os.urandom(32).hex()) for number in range(20000)})})
    assert max(len(entry.value) for _key, entry in store.backend.scan("a", "z")) <= interface.VALUE_LIMIT


def test_old_revisions_can_be_removed(store, tmp_path):
    for number in range(10):
        take(store, file("%d" % number))
    store.history.forget("web1", 8)
    assert [each.number for each in store.history.newest("web1")] == [10, 9, 8]
    assert store.history.state("web1", 10)["scopes"] == file("9") and store.history.state("web1", 8)["scopes"] == file("7")
    assert len(list((tmp_path / "lib/documents/revision/web1").iterdir())) == 1, "the whole state of revision 4 is gone"
    with pytest.raises(TwinError, match="no revision 7: revisions are kept from 8 on"):
        store.history.state("web1", 7)
    store.history.forget("web1", 10)
    with pytest.raises(TwinError, match="The revision on which revision 10 of web1 is based was deleted"):
        store.history.state("web1", 10)


@pytest.mark.parametrize("damage", [b"", None])
def test_a_damaged_whole_state_gives_a_sentence_and_others_stay_readable(store, tmp_path, damage):
    for number in range(9):
        take(store, file("%d" % number))
    named = store.history.revision("web1", 4).whole
    path = tmp_path / "lib/documents/revision/web1" / named
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(TwinError, match="Revision 4 of web1 is damaged in the store"):
        store.history.state("web1", 6)
    assert store.history.state("web1", 3)["scopes"] == file("2") and store.history.state("web1", 9)["scopes"] == file("8")


def test_a_new_state_format_starts_a_chain_and_migrates_old_states(store, monkeypatch):
    take(store, file("a"))
    take(store, file("b"))

    def newer(document):
        document = copy.deepcopy(document)
        document["machine"]["newer"] = True
        return document

    for module in (states, history):
        monkeypatch.setattr(module, "FORMAT", 2)
    monkeypatch.setitem(states.STEPS, 1, newer)
    assert store.document("web1") == {"format": 2, "machine": {"machine_id": "m1", "newer": True}, "scopes": file("b")}
    document = {"format": 2, "machine": {"machine_id": "m1", "newer": True}, "scopes": file("c")}
    store.take("web1", document, state_digest(document["scopes"]), store.host("web1"), file("b"))
    assert [store.history.revision("web1", number).format for number in (1, 2, 3)] == [1, 1, 2]
    assert store.history.revision("web1", 3).whole
    assert store.history.state("web1", 1) == {"format": 2, "machine": {"machine_id": "m1", "newer": True}, "scopes": file("a")}
    assert store.history.state("web1", 3) == document


def test_the_newest_of_many_revisions_costs_no_more_than_of_few(store, monkeypatch):
    """Counted in entries that are read, not in seconds."""
    for number in range(30):
        take(store, file("%d" % number))
    read = []
    scan = store.backend.scan
    monkeypatch.setattr(store.backend, "scan", lambda *given, **more: read.extend(found := scan(*given, **more)) or found)
    assert Store(store.backend, store.root).history.state("web1", 30)["scopes"] == file("29")
    assert len(read) <= 2 * history.WHOLE_EVERY
