# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed records of hosts and twins, for the programs, over a backend and the content store.

    with open_store() as store:                     # look=True: never makes one
        store.host(name), store.head(twin_id)       # None when not known; a head is a twin's record with its host's newest revision
        store.document(name), store.actual(twin_id) # the host's newest state; the twin as last read back, or None
        store.take(...)                             # a host's new state becomes its next revision
        store.adopt(twin_id, name)                  # a twin of a host; nothing happens when it is known
        store.intend / settle / unanswered / answered / forget_actual / pause / remove_twin / remove_host
        store.history.newest(name), .state(name, n), .delta(name, n)
        with store.lease(twin_key(twin_id), name)   # Busy at once, or after a wait, when another process holds it
        store.blobs.put / get
"""
from __future__ import annotations

import contextlib
import os
import time
from typing import Any, ContextManager, Iterator, Mapping, Sequence, TypedDict

from .._base import paths
from .._base.errors import Refused, TwinError
from .._scopes.model import Actual, Scopes
from .._scopes.state import migrate
from .blobs import Blobs, Documents, freeze, thaw
from .history import Document, History
from .interface import Backend, Change
from .layout import HOSTS, TWINS, Host, Twin, host_key, pack, twin_key, under, unpack
from .sqlite import SqliteBackend

SHOWN = 50  # sentences about what was refused
BOOTS = 5  # boots of a twin whose length is remembered


class Head(TypedDict):
    """A twin's record, see layout.Twin, with its host's newest revision and what was refused of it; settled: the twin is known to equal that."""

    host: str
    machine_id: str
    revision: int
    digest: str
    follows: bool
    paused: str
    applying: bool
    units: list[list[str]]
    seen: bool
    audited: float
    verified: float
    settled: bool
    touched: int
    refused: list[str]
    boots: list[float]
    resets: int
    lost: bool
    fidelity: Document


@contextlib.contextmanager
def open_store(root: str = paths.STATE, run: str = paths.RUN, look: bool = False) -> Iterator[Store]:
    """Open the store of this hypervisor and close it at the end. With look a missing store is not created; an empty one replaces it."""
    backend = SqliteBackend(root, run, look)
    try:
        yield Store(backend, root)
    finally:
        backend.close()


class Store:
    """Hosts and twins over a backend; contents and package files lie below root."""

    def __init__(self, backend: Backend, root: str) -> None:
        self.backend, self.root = backend, root
        self.blobs = Blobs(os.path.join(root, paths.BLOBS))
        self.documents = Documents(os.path.join(root, paths.DOCUMENTS))
        self.history = History(backend, self.documents)

    def lease(self, key: str, what: str, wait: float = 0) -> ContextManager[None]:
        """See Backend."""
        return self.backend.lease(key, what, wait)

    # Hosts

    def host(self, name: str) -> Host | None:
        """A host's record."""
        entry = self.backend.read(host_key(name)).get(host_key(name))
        return unpack(Host, entry) if entry else None

    def hosts(self) -> list[str]:
        """Names of all hosts that are known here."""
        return [unpack(Host, entry).name for _key, entry in self.backend.scan(*under(HOSTS))]

    def document(self, name: str) -> Document:
        """The newest state of a known host: {"format", "machine", "scopes"}; a damaged one is calculated again from the revisions."""
        host = self._known(name)
        content = self.documents.get(host_key(name), host.document)
        if content is not None:
            return migrate(thaw(content), "The state of %s" % name)
        now = self._known(name)
        return self.document(name) if now.version != host.version else self.history.state(name, host.revision)

    def take(self, name: str, document: Document, digest: str, host: Host | None = None, before: Scopes | None = None) -> int:
        """Record a host's new state as its next revision and return the number; host and before are its record and scopes until now.

        Raises Conflict when the host has had another revision since.
        """
        number = host.revision + 1 if host else 1
        revision = self.history.append(name, number, digest, document, before or {})
        held = self.documents.put(host_key(name), freeze(document))
        record = Host(name, document["machine"]["machine_id"], number, digest, held, host.refused if host else None)
        self.backend.commit(Change(host_key(name), pack(record), host.version if host else 0), *revision)
        self.documents.keep_only(host_key(name), {held})
        return number

    def refuse(self, name: str, sentences: Sequence[str]) -> None:
        """Record what of a known host's newest harvest was left out; the first SHOWN of it, and how much more there is."""
        host, more = self._known(name), len(sentences) - SHOWN
        refused = [*sentences[:SHOWN], *(["%d more are refused." % more] if more > 0 else [])]
        if (host.refused or []) != refused:
            self.backend.commit(Change(host_key(name), pack(host._replace(refused=refused)), host.version))

    def remove_host(self, name: str) -> None:
        """Remove a host and its revisions; blobs stay, because others may name them."""
        self.history.forget(name, self._known(name).revision + 1)
        self.backend.commit(Change(host_key(name), None))
        self.documents.keep_only(host_key(name), set())

    def _known(self, name: str) -> Host:
        host = self.host(name)
        if host is None:
            raise TwinError("Nothing is known of %s: run safetytwin.twin.sync, which harvests it first." % name)
        return host

    # Twins

    def twin(self, twin: str) -> Twin | None:
        """A twin's record."""
        entry = self.backend.read(twin_key(twin)).get(twin_key(twin))
        return unpack(Twin, entry) if entry else None

    def twins(self, host: str | None = None) -> list[Twin]:
        """The records of all twins, or of one host's."""
        found = [unpack(Twin, entry) for _key, entry in self.backend.scan(*under(TWINS))]
        return [twin for twin in found if host in (None, twin.host)]

    def head(self, twin: str) -> Head | None:
        """A twin's record with its host's newest revision."""
        record = self.twin(twin)
        host = self.host(record.host) if record else None
        if record is None or host is None:
            return None
        return {
            "host": host.name, "machine_id": host.machine_id, "revision": host.revision, "digest": host.digest, "follows": record.follows,
            "paused": record.paused, "applying": record.applying is not None, "units": record.applying or [], "seen": record.actual is not None,
            "audited": record.audited, "verified": record.verified, "settled": record.settled == host.revision,
            "touched": record.touched, "refused": host.refused or [], "boots": record.boots or [], "resets": record.resets, "lost": record.lost,
            "fidelity": self._document_of(record, "fidelity") or {},
        }

    def actual(self, twin: str) -> Actual | None:
        """A known twin as last read back: {"uuid", "boot_id", "touched", "scopes", …}; None if it is unknown or damaged."""
        known: Actual | None = self._document_of(self._known_twin(twin), "actual")
        return known

    def adopt(self, twin: str, host: str, follows: bool = True) -> None:
        """Create the record of a twin of a host if it does not exist; a twin of another host is refused."""
        record = self.twin(twin) or Twin(twin, host, not follows)
        if record.host != host:
            raise Refused("The twin %s is one of host %s, not of %s: choose another id with the option twin." % (twin, record.host, host))
        if record.follows != follows:
            self._commit(record._replace(follows=follows))

    def intend(self, twin: str, units: list[list[str]]) -> None:
        """Record, before the twin is changed, that it will be; units is [[name, verb]] of the units that restart or reload at the end."""
        self._commit(self._known_twin(twin)._replace(applying=units))

    def settle(self, twin: str, revision: int, actual: Mapping[str, Any], fidelity: Document, outcome: Document, audited: bool, rest: bool = False) -> None:
        """Record the verified state of the twin, and the outcome at a revision of its host.

        audited: whether all of it was read. rest: whether it still is to become more.
        """
        record, now = self._known_twin(twin), time.time()
        owner = twin_key(twin)
        record = record._replace(
            actual=self.documents.put(owner, freeze(actual)), fidelity=self.documents.put(owner, freeze(fidelity)), applying=[] if rest else None,
            verified=now, audited=now if audited else record.audited, settled=revision, touched=actual.get("touched", 0),
        )
        self._commit(record, *([self.history.end(record.host, revision, outcome)] if record.follows else []))

    def forget_actual(self, twin: str, pending: Sequence[str] = ()) -> None:
        """The twin is new or unknown: the next cycle reads all of it. pending: digests of contents that the host is to send before that."""
        fidelity = self.documents.put(twin_key(twin), freeze({"pending": list(pending)}))
        self._commit(self._known_twin(twin)._replace(actual=None, applying=None, fidelity=fidelity, resets=0, lost=False))

    def pause(self, twin: str, why: str) -> None:
        """Pause a twin (why is a sentence) or resume it (why is empty). After that the next cycle reads the whole twin and counts no difference as drift."""
        record = self._known_twin(twin)
        self._commit(record._replace(paused=why, applying=[] if not why and record.applying is None else record.applying))

    def unanswered(self, twin: str, resets: int, lost: bool) -> None:
        """Say that the twin does not answer: how often it was reset for that, before that is done again, and whether it was given up."""
        self._commit(self._known_twin(twin)._replace(resets=resets, lost=lost))

    def answered(self, twin: str, boot: float | None) -> None:
        """Say that the twin answers, and how many seconds its boot took where that is known; nothing is written when that is no news."""
        record = self._known_twin(twin)
        heard = record._replace(resets=0, lost=False, boots=record.boots if boot is None else [*(record.boots or []), boot][-BOOTS:])
        if heard != record:
            self._commit(heard)

    def remove_twin(self, twin: str) -> None:
        """Remove the record of a twin; the record of its host stays."""
        self.backend.commit(Change(twin_key(twin), None))
        self.documents.keep_only(twin_key(twin), set())

    def _commit(self, record: Twin, *more: Change) -> None:
        key = twin_key(record.id)
        self.backend.commit(Change(key, pack(record), record.version), *more)
        self.documents.keep_only(key, {name for name in (record.actual, record.fidelity) if name})

    def _document_of(self, twin: Twin, field: str) -> Any:
        """The document that a field of a twin's record names, None when there is none, or it is damaged."""
        name = getattr(twin, field)
        content = self.documents.get(twin_key(twin.id), name) if name else None
        if content is not None:
            return thaw(content)
        now = self.twin(twin.id)  # another process may have put a newer document in its place meanwhile
        return self._document_of(now, field) if now and now.version != twin.version else None

    def _known_twin(self, twin: str) -> Twin:
        record = self.twin(twin)
        if record is None:
            raise TwinError("There is no record of a twin %s here: run safetytwin.twin.sync first." % twin)
        return record
