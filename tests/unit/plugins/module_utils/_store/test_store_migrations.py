# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._store import migrations
from ansible_collections.safetytwin.twin.plugins.module_utils._store.blobs import Documents


@pytest.fixture
def database(tmp_path):
    db = sqlite3.connect(str(tmp_path / "store.sqlite"), isolation_level=None)
    yield db, Documents(str(tmp_path / "documents"))
    db.close()


def tables(db):
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_empty_file_becomes_a_store_of_this_format(database):
    migrations.bring_up_to_date(database[0], "x", database[1])
    assert tables(database[0]) == {"entry", "clock"}
    assert database[0].execute("PRAGMA user_version").fetchone() == (migrations.FORMAT,)
    migrations.bring_up_to_date(database[0], "x", database[1])


def test_a_newer_store_is_refused_and_left_alone(database):
    database[0].execute("PRAGMA user_version = %d" % (migrations.FORMAT + 1))
    with pytest.raises(TwinError, match="The store /srv/x has format %d, this version reads up to %d: upgrade" % (migrations.FORMAT + 1, migrations.FORMAT)):
        migrations.bring_up_to_date(database[0], "/srv/x", database[1])
    assert tables(database[0]) == set()


def test_a_step_that_fails_changes_nothing(database, monkeypatch):
    database[0].execute("CREATE TABLE old (a)")
    database[0].execute("PRAGMA user_version = 1")

    def fail(db, _documents):
        db.execute("DROP TABLE old")
        raise OSError("disk full")

    monkeypatch.setitem(migrations.STEPS, 1, fail)
    with pytest.raises(OSError, match="disk full"):
        migrations.bring_up_to_date(database[0], "x", database[1])
    assert tables(database[0]) == {"old"}
    assert database[0].execute("PRAGMA user_version").fetchone() == (1,)
