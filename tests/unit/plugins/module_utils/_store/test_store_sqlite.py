# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the SQLite backend: permissions, formats of the file, and advice in errors."""
from __future__ import annotations

import os
import pathlib
import sqlite3
import threading

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._store import migrations
from ansible_collections.safetytwin.twin.plugins.module_utils._store.interface import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store
from ansible_collections.safetytwin.twin.plugins.module_utils._store.sqlite import SqliteBackend

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures/store"


@pytest.fixture(name="old")
def fixture_old(tmp_path):
    """A store of the oldest format, as commit 490e4e9 wrote it."""
    with sqlite3.connect(tmp_path / "store.sqlite") as db:
        db.executescript((FIXTURES / "format-1.sql").read_text(encoding="utf-8"))
    db.close()
    return str(tmp_path)


def test_a_successful_commit_survives_a_power_failure(tmp_path):
    backend = SqliteBackend(str(tmp_path))
    assert backend._db.execute("PRAGMA synchronous").fetchone() == (3,), "EXTRA"
    assert backend._db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    backend.close()


def test_only_the_owner_can_read_the_store(tmp_path):
    old_mask = os.umask(0)
    try:
        backend = SqliteBackend(str(tmp_path / "lib"), str(tmp_path / "run"))
        with backend.lease("twin/a", "web1"):
            pass
        backend.close()
    finally:
        os.umask(old_mask)
    assert (tmp_path / "lib").stat().st_mode & 0o777 == 0o711, "QEMU passes, and reads nothing"
    assert (tmp_path / "lib/store.sqlite").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    assert [each.stat().st_mode & 0o777 for each in (tmp_path / "run").iterdir()] == [0o600]


def test_a_lease_is_waited_for(tmp_path):
    backend, begun = SqliteBackend(str(tmp_path / "lib"), str(tmp_path / "run")), threading.Event()

    def hold():
        with backend.lease("twin/a", "a"):
            begun.set()
            waiting.wait(timeout=60)

    waiting = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(timeout=60)
    with pytest.raises(Busy, match=r"^Another sync of a is running \(process \d+\): this sync does nothing.$"), backend.lease("twin/a", "a"):
        pass
    threading.Timer(0.3, waiting.set).start()
    with backend.lease("twin/a", "a", 60):
        assert waiting.is_set()
    holder.join()
    backend.close()


def test_looking_creates_no_store_and_reading_writes_nothing(tmp_path):
    root = tmp_path / "lib"
    looked = SqliteBackend(str(root), look=True)
    assert looked.read("host/a") == {} and not root.exists()
    looked.close()
    backend = SqliteBackend(str(root))
    backend.commit(Change("host/a", b"1"))
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} | {root: root.stat().st_mtime_ns}
    other = SqliteBackend(str(root))
    assert other.read("host/a")["host/a"].value == b"1" and len(other.scan("a", "z")) == 1
    other.close()
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} | {root: root.stat().st_mtime_ns} == before
    backend.close()


def test_a_newer_format_is_refused_in_a_sentence(tmp_path):
    with sqlite3.connect(tmp_path / "store.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(TwinError, match=r"^The store .* has format 99, this version reads up to \d+: upgrade safetytwin.twin here.$"):
        SqliteBackend(str(tmp_path))


def test_a_damaged_store_gives_a_sentence_whose_advice_works(tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(TwinError, match="cannot be read .*Restore it from a backup.*move it aside, run safetytwin.twin.uninstall.*and sync again"):
        SqliteBackend(str(tmp_path))


def test_the_oldest_format_becomes_the_newest(old):
    with open_store(old) as store:
        assert store.hosts() == ["db 1", "web1"]
        web = store.head("twin-web1")
        assert (web["host"], web["revision"], web["machine_id"][-1], web["follows"]) == ("web1", 3, "1", True)
        assert (web["applying"], web["units"], web["settled"]) == (True, [["nginx.service", "reload"]], False)
        assert web["fidelity"] == {"percent_reproduced": 100.0, "pending": []}
        assert (web["audited"], web["verified"]) == (1750000002.0, 1750000002.0)
        assert store.actual("twin-web1") is None, "its fields were others: the next cycle reads the whole twin"
        other = store.twins("db 1")[0]
        assert (other.id[:9], other.paused, other.applying) == ("twin-db-1", "Paused on request.", None)


def test_revisions_of_the_oldest_format_are_read(old):
    with open_store(old) as store:
        assert [(each.number, each.at) for each in store.history.newest("web1")] == [(3, 1750000003.0), (2, 1750000001.0), (1, 1750000000.0)]
        assert store.history.newest("web1")[1].outcome["counts"] == {"changed": 1}
        names = [store.history.state("web1", number)["scopes"]["accounts"]["items"]["user:ola"]["gecos"] for number in (1, 2, 3)]
        assert names == ["Ola 0", "Ola 1", "Ola 2"]
        assert store.document("web1")["scopes"] == store.history.state("web1", 3)["scopes"]
        assert list(store.history.delta("web1", 2)["scopes"]) == ["accounts"]


def test_a_step_that_fails_leaves_the_older_format(old, monkeypatch):
    def fail(db, documents):
        migrations._part_hosts_and_twins(db, documents)
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(migrations.STEPS, 1, fail)
    with pytest.raises(OSError, match="No space"):
        SqliteBackend(old)
    monkeypatch.undo()
    with open_store(old) as store:
        assert store.host("web1").revision == 3


def test_every_older_format_has_a_step_and_the_oldest_a_fixture():
    assert sorted(migrations.STEPS) == list(range(1, migrations.FORMAT))
    assert (FIXTURES / "format-1.sql").is_file()
