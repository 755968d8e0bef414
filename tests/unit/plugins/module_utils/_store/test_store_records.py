# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the records of hosts and twins: states, several twins, intent and outcome, damaged documents."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import state_digest
from ansible_collections.safetytwin.twin.plugins.module_utils._store.interface import Conflict
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import Store

TWIN = "twin-web1"


def state(text):
    item = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 1, "digest": text}
    scopes = {"files": {"status": "ok", "note": "", "items": {"/etc/\udcff": item}, "excluded": {}}}
    return {"format": FORMAT, "machine": {"machine_id": "m1"}, "scopes": scopes}


def take(store, text, host="web1"):
    document, record = state(text), store.host(host)
    before = store.document(host)["scopes"] if record else {}
    return store.take(host, document, state_digest(document["scopes"]), record, before)


def settle(store, twin=TWIN, revision=1, **more):
    store.settle(twin, revision, {"scopes": {}}, {"percent_reproduced": 100.0}, {"counts": {}}, **{"audited": False, **more})


@pytest.fixture(autouse=True)
def fixture_web1(store):
    take(store, "a")
    store.adopt(TWIN, "web1")


def files(tmp_path):
    root = tmp_path / "lib/documents"
    return sorted(path.parent.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_state_becomes_the_next_revision(store):
    assert take(store, "b") == 2
    head = store.head(TWIN)
    assert (head["host"], head["revision"], head["machine_id"], head["digest"]) == ("web1", 2, "m1", state_digest(state("b")["scopes"]))
    assert (head["seen"], head["applying"], head["settled"]) == (False, False, False)
    assert store.document("web1") == state("b") and store.actual(TWIN) is None
    assert [each.number for each in store.history.newest("web1")] == [2, 1]


def test_unknown_records_give_none_or_a_sentence(store):
    assert store.host("web9") is None and store.twin("twin-web9") is None and store.head("twin-web9") is None
    with pytest.raises(TwinError, match="Nothing is known of web9: run"):
        store.document("web9")
    with pytest.raises(TwinError, match="no record of a twin twin-web9"):
        store.pause("twin-web9", "")


def test_only_one_of_two_simultaneous_states_is_recorded(store):
    old, document = store.host("web1"), state("c")
    take(store, "b")
    with pytest.raises(Conflict):
        store.take("web1", document, state_digest(document["scopes"]), old, state("a")["scopes"])
    assert store.document("web1") == state("b") and store.host("web1").revision == 2


def test_twins_of_a_host_have_records_of_their_own(store):
    store.adopt("clone", "web1", follows=False)
    store.pause("clone", "A rehearsal.")
    settle(store)
    assert (store.head(TWIN)["paused"], store.head("clone")["paused"]) == ("", "A rehearsal.")
    assert (store.head(TWIN)["settled"], store.head("clone")["settled"]) == (True, False)
    assert sorted(twin.id for twin in store.twins("web1")) == ["clone", TWIN] and store.twins("web2") == []
    with pytest.raises(Refused, match="The twin clone is one of host web1, not of web2"):
        store.adopt("clone", "web2")
    assert store.twin("clone").host == "web1", "a known twin stays as it is"
    store.settle("clone", 1, {}, {}, {"counts": {"of": "the clone"}}, audited=True)
    assert store.history.newest("web1")[0].outcome == {"counts": {}}, "the outcome is the following twin's"
    store.remove_twin("clone")
    assert [twin.id for twin in store.twins()] == [TWIN] and store.document("web1") == state("a")


def test_the_record_keeps_whether_the_domain_follows_its_host(store):
    store.pause(TWIN, "A look.")
    store.adopt(TWIN, "web1", follows=False)
    assert (store.twin(TWIN).follows, store.twin(TWIN).paused) == (False, "A look.")
    store.adopt(TWIN, "web1", follows=True)
    assert store.twin(TWIN).follows is True


def test_an_intent_is_kept_until_it_is_settled(store):
    store.intend(TWIN, [["nginx.service", "reload"]])
    assert (store.head(TWIN)["applying"], store.head(TWIN)["units"]) == (True, [["nginx.service", "reload"]])
    settle(store, audited=True)
    head = store.head(TWIN)
    assert not head["applying"] and head["seen"] and head["settled"] and head["audited"] == head["verified"] > 0
    assert head["fidelity"] == {"percent_reproduced": 100.0}
    assert store.actual(TWIN) == {"scopes": {}}
    assert store.history.newest("web1")[0].outcome == {"counts": {}}
    take(store, "b")
    assert not store.head(TWIN)["settled"]


def test_a_change_to_the_machine_counts_until_the_twin_has_been_read(store):
    assert store.head(TWIN)["touched"] == 0
    store.settle(TWIN, 1, {"scopes": {}, "touched": 3}, {}, {"counts": {}}, audited=True)
    store.pause(TWIN, "Because.")
    assert store.head(TWIN)["touched"] == 3


def test_scopes_that_were_not_chosen_remain_due(store):
    settle(store, rest=True)
    assert (store.head(TWIN)["applying"], store.head(TWIN)["units"]) == (True, [])


def test_settling_without_an_audit_keeps_the_time_of_the_last(store):
    settle(store)
    assert store.head(TWIN)["audited"] == 0


def test_resuming_makes_the_next_cycle_read_the_whole_twin(store):
    store.pause(TWIN, "Because.")
    assert not store.head(TWIN)["applying"]
    store.pause(TWIN, "")
    assert (store.head(TWIN)["paused"], store.head(TWIN)["applying"], store.head(TWIN)["units"]) == ("", True, [])
    store.intend(TWIN, [["shop.service", "restart"]])
    store.pause(TWIN, "")
    assert store.head(TWIN)["units"] == [["shop.service", "restart"]], "what was still to do stays so"


def test_a_new_machine_makes_the_next_cycle_read_the_twin(store):
    settle(store)
    store.forget_actual(TWIN)
    assert (store.head(TWIN)["seen"], store.actual(TWIN)) == (False, None)


def test_an_old_document_leaves_no_file(store, tmp_path):
    for text in "bcd":
        take(store, text)
        settle(store, revision=store.host("web1").revision)
    assert files(tmp_path) == ["host/web1", "twin/twin-web1", "twin/twin-web1"]
    store.remove_twin(TWIN)
    store.remove_host("web1")
    assert files(tmp_path) == [] and store.backend.scan("a", "z") == []


def test_a_removed_host_can_be_recorded_again(store):
    take(store, "b")
    store.remove_host("web1")
    assert store.hosts() == [] and store.history.newest("web1") == []
    assert take(store, "c") == 1


@pytest.mark.parametrize("damage", [b"", b"damaged", None])
def test_a_damaged_host_document_is_calculated_from_the_revisions(store, tmp_path, damage):
    take(store, "b")
    for path in (tmp_path / "lib/documents/host/web1").iterdir():
        path.unlink() if damage is None else path.write_bytes(damage)
    assert store.document("web1") == state("b")
    take(store, "c")
    assert store.document("web1") == state("c")


def test_a_damaged_twin_document_makes_the_next_cycle_read_the_twin(store, tmp_path):
    settle(store)
    for path in (tmp_path / "lib/documents/twin/twin-web1").iterdir():
        path.write_bytes(b"")
    assert store.actual(TWIN) is None and store.head(TWIN)["fidelity"] == {}
    settle(store)
    assert store.actual(TWIN) == {"scopes": {}}


def test_a_reader_gets_the_newer_document_if_the_old_one_was_removed(store, tmp_path):
    """Between a reader's look at the record and at the document, another process puts newer ones in their places."""
    other, reader = Store(store.backend, store.root), Store(store.backend, store.root)
    settle(store)
    read, busy = reader.documents.get, []

    def overtaken(owner, name):
        if not busy:
            busy.append(True)
            take(other, "b")
            other.settle(TWIN, 2, {"scopes": {"newer": {}}}, {}, {}, audited=False)
        return read(owner, name)

    reader.documents.get = overtaken
    assert reader.document("web1") == state("b")
    busy.clear()
    assert reader.actual(TWIN)["scopes"] == {"newer": {}}


def test_names_with_odd_characters_stay_apart(store):
    for host in ("a/b", "a", "a/0000000001", "%2F", "ü"):
        take(store, "x", host)
    assert sorted(store.hosts()) == sorted(["web1", "a/b", "a", "a/0000000001", "%2F", "ü"])
    assert [len(store.history.newest(host)) for host in store.hosts()] == [1] * 6


def test_how_often_a_twin_was_reset_is_known_until_it_answers(store):
    assert (store.head(TWIN)["resets"], store.head(TWIN)["lost"], list(store.head(TWIN)["boots"])) == (0, False, [])
    store.unanswered(TWIN, 1, False)
    store.unanswered(TWIN, 2, True)
    settle(store)
    assert (store.head(TWIN)["resets"], store.head(TWIN)["lost"]) == (2, True)
    for boot in (41.0, 42.0, 43.0, 44.0, 45.0, 46.0):
        store.answered(TWIN, boot)
    assert (store.head(TWIN)["resets"], store.head(TWIN)["lost"], store.head(TWIN)["boots"]) == (0, False, [42.0, 43.0, 44.0, 45.0, 46.0])


def test_a_new_machine_was_never_reset(store):
    store.unanswered(TWIN, 2, True)
    store.forget_actual(TWIN)
    assert (store.head(TWIN)["resets"], store.head(TWIN)["lost"]) == (0, False)


def test_a_twin_that_answers_as_before_is_no_news(store):
    store.answered(TWIN, 41.0)
    before = store.twin(TWIN).version
    store.answered(TWIN, None)
    assert store.twin(TWIN).version == before
