# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of the store file, and the steps from each older format to the next.

This number is the store's alone: the format of states has its own (_scopes/schema.py). Format 1 had one table of twins keyed by host
and one of revisions; format 2 has entries, and keeps hosts and twins apart.
"""
from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Callable, Iterator

from .._base.errors import TwinError
from .._base.names import following
from .blobs import Documents, freeze, thaw
from .layout import DELTA_INLINE, Host, Revision, Twin, delta_key, host_key, pack, revision_key, twin_key

FORMAT = 2

_TABLES = (
    "CREATE TABLE entry (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL)",
    "CREATE TABLE clock (version INTEGER NOT NULL)",  # the newest version given
    "INSERT INTO clock VALUES (0)",
)


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction: all writes in the block happen, or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def bring_up_to_date(db: sqlite3.Connection, path: str, documents: Documents) -> None:
    """Create the tables or migrate an older format; a newer format is refused."""
    if _format(db) == FORMAT:
        return
    with transaction(db):
        found = _format(db)  # another process may have been here first
        if found > FORMAT:
            raise TwinError("The store %s has format %d, this version reads up to %d: upgrade safetytwin.twin here." % (path, found, FORMAT))
        if not found:
            _make_tables(db)
        for number in range(found or FORMAT, FORMAT):
            STEPS[number](db, documents)
        db.execute("PRAGMA user_version = %d" % FORMAT)


def _format(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(db: sqlite3.Connection) -> None:
    for statement in _TABLES:
        db.execute(statement)


def _part_hosts_and_twins(db: sqlite3.Connection, documents: Documents) -> None:
    """1 to 2: rows become entries, documents become files."""
    rows = _rows(db, "SELECT * FROM twin")
    revisions = _rows(db, "SELECT * FROM revision")
    for table in ("twin", "revision"):
        db.execute("DROP TABLE %s" % table)
    _make_tables(db)
    for row in rows:
        machine, settled = thaw(row["document"])["machine"], 0
        for each in (each for each in revisions if each["host"] == row["host"]):
            settled = max(settled, each["number"] if each["outcome"] else 0)
            _enter_revision(db, each, machine)
        _enter_host_and_twin(db, row, settled, documents)
    db.execute("UPDATE clock SET version = 1")


def _enter_revision(db: sqlite3.Connection, row: sqlite3.Row, machine: object) -> None:
    host, number = row["host"], row["number"]
    revision = Revision(number, row["at"], row["digest"], 1, json.loads(row["outcome"] or "null"))
    _enter(db, revision_key(host, number), pack(revision))
    changes = freeze({"format": 1, "machine": machine, "scopes": thaw(row["delta"])})
    _enter(db, delta_key(host, number), DELTA_INLINE + changes)


def _enter_host_and_twin(db: sqlite3.Connection, row: sqlite3.Row, settled: int, documents: Documents) -> None:
    host, twin = row["host"], following(row["host"])
    document = documents.put(host_key(host), freeze(dict(thaw(row["document"]), format=1)))
    _enter(db, host_key(host), pack(Host(host, row["machine_id"], row["revision"], row["digest"], document)))
    _enter(db, twin_key(twin), pack(Twin(
        twin, host, True, row["paused"], json.loads(row["applying"] or "null"),
        None,  # what was read back then has other fields: the next cycle reads the whole twin
        row["audited"], row["verified"], documents.put(twin_key(twin), freeze(json.loads(row["fidelity"]))), settled,
    )))


def _enter(db: sqlite3.Connection, key: str, value: bytes) -> None:
    db.execute("INSERT INTO entry VALUES (?, 1, ?)", (key, value))


def _rows(db: sqlite3.Connection, query: str) -> list[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query).fetchall()


# Format -> the step from it to the next.
STEPS: dict[int, Callable[[sqlite3.Connection, Documents], None]] = {1: _part_hosts_and_twins}
