# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backend of the store on one hypervisor: one SQLite file, and locks below /run.

The journal is SQLite's rollback journal, so that reading writes nothing, and an unchanged cycle leaves no trace.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from typing import IO, Iterator

from .._base import paths
from .._base.errors import Busy, TwinError
from . import migrations
from .blobs import Documents, make_directory, sync_directory
from .interface import Change, Conflict, Entry

_MEMORY = ":memory:"
_POLL_SECONDS = 0.1


class SqliteBackend:
    """Backend in the directory root. With look a missing store is not created; an empty one in memory replaces it."""

    def __init__(self, root: str = paths.STATE, run: str = paths.RUN, look: bool = False) -> None:
        self.root, self.run = root, run
        self.path = os.path.join(root, paths.STORE_FILE)
        try:
            self._db = self._open(look)
        except sqlite3.DatabaseError as error:
            raise TwinError(
                "The store %s cannot be read (%s). Restore it from a backup. If there is none, move it aside, run safetytwin.twin.uninstall"
                " for each host that has a twin here, and sync again: the twins are made anew, and their history begins again." % (self.path, error)
            ) from error

    def _open(self, look: bool) -> sqlite3.Connection:
        path = _MEMORY if look and not os.path.exists(self.path) else self.path
        if path == self.path and not os.path.exists(path):
            make_directory(self.root)
            os.chmod(self.root, 0o711)  # a host that is its own hypervisor made it 0700, but QEMU runs as its own user and has to pass
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            sync_directory(self.root)
        db = sqlite3.connect(path, timeout=10, isolation_level=None)
        db.execute("PRAGMA synchronous = EXTRA")  # the directory as well: a removed journal that came back would undo a commit
        migrations.bring_up_to_date(db, path, Documents(os.path.join(self.root, paths.DOCUMENTS)))
        return db

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def read(self, *keys: str) -> dict[str, Entry]:
        """See Backend."""
        found = self._db.execute("SELECT key, value, version FROM entry WHERE key IN (%s)" % ", ".join("?" * len(keys)), keys)
        return {key: Entry(value, version) for key, value, version in found}

    def scan(self, start: str, end: str, limit: int | None = None, newest_first: bool = False) -> list[tuple[str, Entry]]:
        """See Backend; a list, because an open cursor would keep writers out."""
        rows = self._db.execute(
            "SELECT key, value, version FROM entry WHERE key >= ? AND key < ? ORDER BY key %s LIMIT ?" % ("DESC" if newest_first else "ASC"),
            (start, end, -1 if limit is None else limit),
        )
        return [(key, Entry(value, version)) for key, value, version in rows]

    def commit(self, *changes: Change) -> None:
        """See Backend."""
        with migrations.transaction(self._db):
            have = self.read(*(change.key for change in changes))
            for change in changes:
                version = have[change.key].version if change.key in have else 0
                if change.expected is not None and change.expected != version:
                    raise Conflict("%s was changed by another process meanwhile: nothing was recorded, the next cycle continues." % change.key)
            self._write(changes)

    def _write(self, changes: tuple[Change, ...]) -> None:
        self._db.execute("UPDATE clock SET version = version + 1")
        for change in changes:
            if change.value is None:
                self._db.execute("DELETE FROM entry WHERE key = ?", (change.key,))
            else:
                self._db.execute("INSERT OR REPLACE INTO entry SELECT ?, version, ? FROM clock", (change.key, change.value))

    @contextlib.contextmanager
    def lease(self, key: str, what: str, wait: float = 0) -> Iterator[None]:
        """See Backend. The kernel holds the lock and releases it when its holder ends in any way."""
        make_directory(self.run)
        until = time.monotonic() + wait
        with open(os.path.join(self.run, key.replace("/", "%2F") + ".lock"), "a+", encoding="ascii", opener=_private) as lock:
            while not _locked(lock):
                if time.monotonic() >= until:
                    lock.seek(0)
                    holder = lock.read().strip() or "unknown"
                    raise Busy("Another sync of %s is running (process %s): this sync does nothing." % (what, holder))
                time.sleep(_POLL_SECONDS)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


def _locked(lock: IO[str]) -> bool:
    """Whether we hold the lock now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
