# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and records of the store's entries. Pure.

A host has a record, revisions, and for each revision its delta. A twin has a record and names the host it was made of. Records are JSON;
a delta is compressed JSON, or names a document where it is too large for an entry. Whole states are documents, owned by the record that names them.
"""
from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, TypeVar

from .._base.codec import raw
from .interface import Entry

HOSTS, TWINS, REVISIONS, DELTAS = "host/", "twin/", "revision/", "delta/"
MACHINES = "machines"  # held by who makes or removes a twin's machine: network, addresses and followers are shared by all twins
LEASE_SECONDS = 60  # that a task waits for a cycle of the twin
DELTA_INLINE, DELTA_NAMED = b"=", b"@"  # how a delta's value begins: with the delta, or with the name of its document


class Host(NamedTuple):
    """A host: its newest revision, the digest of that state as harvested, and the name of the document that holds it.

    refused: sentences about what the newest harvest said and was left out, since it breaks a rule of the state format.
    """

    name: str
    machine_id: str
    revision: int
    digest: str
    document: str
    refused: list[str] | None = None
    version: int = 0


class Twin(NamedTuple):
    """A twin of a host.

    follows: every sync makes it what its host is. paused: why it does not at present, or "". applying: None, or the units
    [[name, verb]] that will restart or reload at the end of a plan that was begun and is not verified. actual: the name of the document of the twin as
    last read back, {"uuid", "boot_id", "scopes", …}, None when that is not known. audited: when the whole twin was last read, verified: when it was last
    known to equal revision settled of its host (0: none yet), both in seconds since 1970. fidelity: the name of the document of the last report.
    touched: the number in the domain's metadata when the twin was last read whole, see _libvirt/metadata.
    boots: seconds that its last boots took. resets: resets since it last answered. lost: the last cycle gave it up, as it did not answer.
    """

    id: str
    host: str
    follows: bool = True
    paused: str = ""
    applying: list[list[str]] | None = None
    actual: str | None = None
    audited: float = 0
    verified: float = 0
    fidelity: str | None = None
    settled: int = 0
    touched: int = 0
    boots: list[float] | None = None
    resets: int = 0
    lost: bool = False
    version: int = 0


class Revision(NamedTuple):
    """One recorded state of a host: at in seconds since 1970, digest of the state, format of the state.

    outcome: what the cycle of the following twin came to, None until it has ended. whole: the name of the document of the whole state where one is kept.
    """

    number: int
    at: float
    digest: str
    format: int
    outcome: dict[str, Any] | None = None
    whole: str | None = None
    version: int = 0


Record = TypeVar("Record", Host, Twin, Revision)


def pack(record: Host | Twin | Revision) -> bytes:
    """The value of a record's entry; the version is the entry's own."""
    return json.dumps({name: value for name, value in record._asdict().items() if name != "version"}).encode("ascii")


def unpack(kind: type[Record], entry: Entry) -> Record:
    """The record in an entry."""
    return kind(**json.loads(entry.value), version=entry.version)


def _plain(name: str) -> str:
    """A name in ASCII without a slash; different names give different results."""
    return re.sub(rb"[^A-Za-z0-9._-]", lambda found: b"%%%02X" % ord(found.group()), raw(name)).decode("ascii")


def host_key(host: str) -> str:
    """The key of a host's record, which is also the name of its lease and the owner of its documents."""
    return HOSTS + _plain(host)


def twin_key(twin: str) -> str:
    """The key of a twin's record, which is also the name of its lease and the owner of its documents."""
    return TWINS + _plain(twin)


def revision_key(host: str, number: int) -> str:
    """The key of a revision's record; keys sort as numbers do."""
    return "%s%s/%010d" % (REVISIONS, _plain(host), number)


def delta_key(host: str, number: int) -> str:
    """The key of the delta between a revision and the previous one."""
    return "%s%s/%010d" % (DELTAS, _plain(host), number)


def revisions_owner(host: str) -> str:
    """The owner of the documents of a host's revisions."""
    return REVISIONS + _plain(host)


def under(prefix: str) -> tuple[str, str]:
    """The range of all keys that begin with a prefix."""
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)
