# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hypervisor remembers: one SQLite file, one transaction per change, and blobs beside it.

The journal is SQLite's rollback journal, so that reading writes nothing, and an unchanged cycle leaves no trace.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
import zlib

from .._base.codec import digest, write_atomic
from .._base.errors import Busy, TwinError
from .._scopes.schema import FORMAT

ROOT = "/var/lib/safetytwin"
RUN = "/run/safetytwin"

_TABLES = """
CREATE TABLE twin (
    host TEXT PRIMARY KEY,
    machine_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    digest TEXT NOT NULL,       -- of the host's state as harvested
    document BLOB NOT NULL,     -- {"machine", "scopes"}: the host, redacted
    actual BLOB,                -- {"uuid", "boot_id", "scopes", …}: the twin as last read back; NULL when not known
    applying TEXT NOT NULL,     -- JSON [[unit, verb]] still to be done before the twin is at its revision; empty when it is
    paused TEXT NOT NULL,       -- why the twin does not follow; empty when it does
    audited REAL NOT NULL,      -- when the whole twin was last read, seconds since 1970
    verified REAL NOT NULL,     -- when it was last known to equal this revision
    fidelity TEXT NOT NULL      -- JSON of the last report
);
CREATE TABLE revision (
    host TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    digest TEXT NOT NULL,
    delta BLOB NOT NULL,        -- against revision number - 1, see _scopes/state.delta
    outcome TEXT NOT NULL,      -- JSON summary of what the cycle did; empty until it has ended
    PRIMARY KEY (host, number)
);
"""


def _freeze(document):
    return zlib.compress(json.dumps(document).encode("ascii"), 1)


def _thaw(blob):
    return json.loads(zlib.decompress(blob)) if blob is not None else None


class Store:
    """The store of all twins of this hypervisor; open it with `with`. Where it is only looked at, none is made: an empty one in memory serves."""

    def __init__(self, root=ROOT, look=False):
        self.root = root
        self.path = os.path.join(root, "store.sqlite")
        if look and not os.path.exists(self.path):
            self.path = ":memory:"
        self.db = None

    def __enter__(self):
        if self.path != ":memory:" and not os.path.exists(self.path):
            os.makedirs(self.root, exist_ok=True)
            os.chmod(self.root, 0o711)  # a host that is its own hypervisor made it 0700, but QEMU runs as its own user and has to pass
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        try:
            self.db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            self.db.row_factory = sqlite3.Row
            self._check_format()
        except sqlite3.DatabaseError as error:
            raise TwinError("The store %s cannot be read (%s): move it aside, and the next sync starts a new one." % (self.path, error)) from error
        return self

    def _check_format(self):
        found = self.db.execute("PRAGMA user_version").fetchone()[0]
        if not found:
            with self.transaction():
                for statement in _TABLES.split(";\n")[:-1]:
                    self.db.execute(statement)
                self.db.execute("PRAGMA user_version = %d" % FORMAT)
        elif found > FORMAT:
            raise TwinError("The store %s has format %d, this version reads up to %d: upgrade safetytwin.twin here." % (self.path, found, FORMAT))

    def __exit__(self, *failure):
        self.db.close()

    @contextlib.contextmanager
    def transaction(self):
        """All writes inside happen, or none does."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def head(self, host):
        """All of a twin's row but its documents, as dict; None when the host is not known."""
        row = self.db.execute(
            "SELECT twin.host, machine_id, revision, twin.digest, applying, paused, audited, verified, fidelity, actual IS NOT NULL AS seen,"
            " outcome != '' AS settled"
            " FROM twin JOIN revision ON revision.host = twin.host AND number = revision WHERE twin.host = ?",
            (host,),
        ).fetchone()
        return dict(row, fidelity=json.loads(row["fidelity"])) if row else None

    def hosts(self):
        """Names of all hosts that have a twin here."""
        return [row["host"] for row in self.db.execute("SELECT host FROM twin ORDER BY host")]

    def documents(self, host):
        """(host document, actual document or None) of a known host."""
        row = self.db.execute("SELECT document, actual FROM twin WHERE host = ?", (host,)).fetchone()
        return _thaw(row["document"]), _thaw(row["actual"])

    def take(self, host, document, state_digest, delta):
        """Record a host's new state as the next revision; returns its number. The twin is not there yet."""
        with self.transaction():
            row = self.db.execute("SELECT revision FROM twin WHERE host = ?", (host,)).fetchone()
            number = row["revision"] + 1 if row else 1
            machine_id = document["machine"]["machine_id"]
            if row:
                self.db.execute("UPDATE twin SET revision = ?, digest = ?, document = ? WHERE host = ?", (number, state_digest, _freeze(document), host))
            else:
                self.db.execute(
                    "INSERT INTO twin VALUES (?, ?, ?, ?, ?, NULL, '', '', 0, 0, '{}')", (host, machine_id, number, state_digest, _freeze(document))
                )
            self.db.execute("INSERT INTO revision VALUES (?, ?, ?, ?, ?, '')", (host, number, time.time(), state_digest, _freeze(delta)))
        return number

    def intend(self, host, units):
        """Say, before the twin is touched, that it is about to be; units is [[name, verb]] of what will restart or reload at the end."""
        with self.transaction():
            self.db.execute("UPDATE twin SET applying = ? WHERE host = ?", (json.dumps(units), host))

    def settle(self, host, actual, fidelity, outcome, audited, rest=False):
        """Record what the twin was verified to be; audited says whether all of it was read, rest whether it still is to become more."""
        now = time.time()
        with self.transaction():
            self.db.execute(
                "UPDATE twin SET actual = ?, applying = ?, verified = ?, fidelity = ?, audited = CASE WHEN ? THEN ? ELSE audited END WHERE host = ?",
                (_freeze(actual), "[]" if rest else "", now, json.dumps(fidelity), audited, now, host),
            )
            self.db.execute(
                "UPDATE revision SET outcome = ? WHERE host = ? AND number = (SELECT revision FROM twin WHERE host = ?)", (json.dumps(outcome), host, host)
            )

    def forget_actual(self, host):
        """The twin is new or unknown: the next cycle reads all of it."""
        with self.transaction():
            self.db.execute("UPDATE twin SET actual = NULL, applying = '' WHERE host = ?", (host,))

    def pause(self, host, why):
        """Stop following (why is a sentence) or follow again (empty): then all of the twin is read again, and nothing of it is held against it."""
        with self.transaction():
            self.db.execute(
                "UPDATE twin SET paused = ?, applying = CASE WHEN ? = '' AND applying = '' THEN '[]' ELSE applying END WHERE host = ?", (why, why, host)
            )

    def remove(self, host):
        """Forget a host and its revisions; blobs stay, others may use them."""
        with self.transaction():
            self.db.execute("DELETE FROM revision WHERE host = ?", (host,))
            self.db.execute("DELETE FROM twin WHERE host = ?", (host,))

    def revisions(self, host, limit=20):
        """The newest revisions, newest first: [{"number", "at", "digest", "outcome"}]."""
        rows = self.db.execute("SELECT number, at, digest, outcome FROM revision WHERE host = ? ORDER BY number DESC LIMIT ?", (host, limit))
        return [dict(row, outcome=json.loads(row["outcome"] or "null")) for row in rows]

    def blob_path(self, name):
        """Where a blob lies, there or not."""
        return os.path.join(self.root, "blobs", name[:2], name)

    def put_blob(self, name, content):
        """Keep a content under its digest; refused when it is another content."""
        if digest(content) != name:
            raise TwinError("A file's content does not have the digest it was sent under (%s): harvest the host again." % name)
        path = self.blob_path(name)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            write_atomic(path, content)

    def get_blob(self, name):
        """A content by its digest, None when it is not here or is damaged."""
        try:
            with open(self.blob_path(name), "rb") as stream:
                content = stream.read()
        except FileNotFoundError:
            return None
        return content if digest(content) == name else None


@contextlib.contextmanager
def hold(host, run=RUN):
    """Be the only one who changes a host's twin; Busy at once when another is."""
    os.makedirs(run, 0o700, exist_ok=True)
    with open(os.path.join(run, "%s.lock" % host.replace("/", "_")), "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Busy("Another sync of %s is running (process %s): this one leaves it to that." % (host, lock.read().strip() or "unknown")) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
