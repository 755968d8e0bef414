# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: nothing lost, nothing half-written, nothing written by reading."""
from __future__ import annotations

import os
import sqlite3

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._store import sqlite

DOCUMENT = {"machine": {"machine_id": "m1"}, "scopes": {"files": {"items": {"/etc/\udcff": {}}}}}


@pytest.fixture
def store(tmp_path):
    with sqlite.Store(str(tmp_path / "s")) as opened:
        yield opened


def test_a_state_becomes_the_next_revision(store):
    assert store.head("web1") is None
    assert store.take("web1", DOCUMENT, "d1", {}) == 1
    assert store.take("web1", DOCUMENT, "d2", {}) == 2
    head = store.head("web1")
    assert (head["revision"], head["digest"], head["seen"], head["applying"]) == (2, "d2", 0, "")
    assert store.documents("web1") == (DOCUMENT, None)
    assert [row["number"] for row in store.revisions("web1")] == [2, 1]


def test_intent_stays_until_it_is_settled(store):
    store.take("web1", DOCUMENT, "d1", {})
    store.intend("web1", [["nginx.service", "reload"]])
    assert store.head("web1")["applying"] == '[["nginx.service", "reload"]]'
    store.settle("web1", {"scopes": {}}, {"percent_reproduced": 100.0}, {"counts": {}}, audited=True)
    head = store.head("web1")
    assert head["applying"] == "" and head["audited"] == head["verified"] > 0
    assert head["fidelity"] == {"percent_reproduced": 100.0}
    assert store.revisions("web1")[0]["outcome"] == {"counts": {}}


def test_settling_without_an_audit_keeps_the_time_of_the_last(store):
    store.take("web1", DOCUMENT, "d1", {})
    store.settle("web1", {}, {}, {}, audited=False)
    assert store.head("web1")["audited"] == 0


def test_following_again_has_the_whole_twin_read(store):
    store.take("web1", DOCUMENT, "d1", {})
    store.pause("web1", "Because.")
    assert store.head("web1")["applying"] == ""
    store.pause("web1", "")
    assert (store.head("web1")["paused"], store.head("web1")["applying"]) == ("", "[]")
    store.intend("web1", [["shop.service", "restart"]])
    store.pause("web1", "")
    assert store.head("web1")["applying"] == '[["shop.service", "restart"]]', "what was still to do stays so"


def test_a_failed_transaction_leaves_nothing(store):
    store.take("web1", DOCUMENT, "d1", {})
    with pytest.raises(RuntimeError), store.transaction():
        store.db.execute("UPDATE twin SET digest = 'half'")
        raise RuntimeError
    assert store.head("web1")["digest"] == "d1"


def test_reading_writes_nothing(store, tmp_path):
    store.take("web1", DOCUMENT, "d1", {})
    before = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "s").rglob("*"))}
    with sqlite.Store(store.root) as other:
        other.head("web1")
        other.documents("web1")
        other.revisions("web1")
    assert {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "s").rglob("*"))} == before


def test_nobody_else_can_read_it(store):
    store.put_blob(digest(b"x"), b"x")
    assert os.stat(store.path).st_mode & 0o777 == 0o600
    assert os.stat(store.blob_path(digest(b"x"))).st_mode & 0o777 == 0o600


def test_blobs_are_what_their_name_says(store):
    name = digest(b"content")
    with pytest.raises(TwinError, match="digest"):
        store.put_blob(name, b"something else")
    assert store.get_blob(name) is None
    store.put_blob(name, b"content")
    assert store.get_blob(name) == b"content"
    with open(store.blob_path(name), "wb") as stream:
        stream.write(b"damaged")
    assert store.get_blob(name) is None


def test_a_newer_format_is_refused_in_a_sentence(tmp_path):
    with sqlite.Store(str(tmp_path)) as store:
        store.db.execute("PRAGMA user_version = 99")
    with pytest.raises(TwinError, match="format 99.*upgrade"), sqlite.Store(str(tmp_path)):
        pass


def test_a_damaged_file_is_a_sentence(tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(TwinError, match="cannot be read"), sqlite.Store(str(tmp_path)):
        pass


def test_only_one_holds_a_twin(tmp_path):
    with sqlite.hold("web1", str(tmp_path)):
        with pytest.raises(Busy, match="process %d" % os.getpid()), sqlite.hold("web1", str(tmp_path)):
            pass
        with sqlite.hold("web2", str(tmp_path)):
            pass
    with sqlite.hold("web1", str(tmp_path)):
        pass


def test_a_forgotten_host_leaves_no_row(store):
    store.take("web1", DOCUMENT, "d1", {})
    store.remove("web1")
    assert store.hosts() == [] and store.revisions("web1") == []
    with pytest.raises(sqlite3.IntegrityError):
        store.db.execute("INSERT INTO revision VALUES ('x', 1, 0, NULL, '', '')")
