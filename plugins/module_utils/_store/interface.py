# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interface of a store's backend: four operations on keys and small values. SQLite, etcd and Consul can implement it.

Keys are text of path form, in ASCII; values are bytes, at most VALUE_LIMIT of them. What is larger goes into the content store
(_store/blobs.py) and the value names it. A version is a number that a backend gives to each write and never gives twice;
0 is the version of a key that is not there.
"""
from __future__ import annotations

from typing import ContextManager, NamedTuple, Protocol

from .._base.errors import Busy

VALUE_LIMIT = 256 << 10  # etcd takes 1.5 MiB per transaction, Consul 512 KiB
COMMIT_LIMIT = 100  # keys in one commit; etcd takes 128


class Conflict(Busy):
    """A key does not have the version that a commit expected; nothing was written."""


class Entry(NamedTuple):
    """A value and its version."""

    value: bytes
    version: int


class Change(NamedTuple):
    """One key of a commit: the new value, or None to delete it; expected is the version it must have, None for any."""

    key: str
    value: bytes | None
    expected: int | None = None


class Backend(Protocol):
    """Heads and revisions are entries; a lease is held by one process."""

    def read(self, *keys: str) -> dict[str, Entry]:
        """The entries of the existing keys, all from one moment."""

    def scan(self, start: str, end: str, limit: int | None = None, newest_first: bool = False) -> list[tuple[str, Entry]]:
        """Entries with start <= key < end, in ascending or descending order of their keys."""

    def commit(self, *changes: Change) -> None:
        """Write all changes or none. After the return they survive a power failure. Raises Conflict."""

    def lease(self, key: str, what: str, wait: float = 0) -> ContextManager[None]:
        """Hold a key alone until the end of the block or of this process; what names the key for people. Raises Busy after wait seconds."""
