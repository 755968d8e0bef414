# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the revisions of hosts as deltas, and some as whole states, so that each revision can be read as a whole."""
from __future__ import annotations

import time
from typing import Any, Dict

from .._base.errors import TwinError
from .._scopes.model import Scopes
from .._scopes.schema import FORMAT
from .._scopes.state import delta, merge, migrate, state_digest
from .blobs import Documents, freeze, thaw
from .interface import COMMIT_LIMIT, VALUE_LIMIT, Backend, Change
from .layout import DELTA_INLINE, DELTA_NAMED, Revision, delta_key, pack, revision_key, revisions_owner, under, unpack

Document = Dict[str, Any]

MOST = 10**10 - 2  # the largest number that a key has room for, and one more
WHOLE_EVERY = 100  # revisions from one that is kept whole to the next: so many deltas are read at most


class History:
    """The revisions of all hosts of a store."""

    def __init__(self, backend: Backend, documents: Documents) -> None:
        self.backend, self.documents = backend, documents

    def newest(self, name: str, limit: int | None = 20) -> list[Revision]:
        """The newest revisions of a host, newest first; all of them if limit is None."""
        found = self.backend.scan(*under(revisions_owner(name) + "/"), limit=limit, newest_first=True)
        return [unpack(Revision, entry) for _key, entry in found]

    def oldest(self, name: str) -> int:
        """The number of the oldest stored revision; 0 if there is none."""
        found = self.backend.scan(*under(revisions_owner(name) + "/"), limit=1)
        return unpack(Revision, found[0][1]).number if found else 0

    def revision(self, name: str, number: int) -> Revision:
        """One revision of a host."""
        entry = self.backend.read(revision_key(name, number)).get(revision_key(name, number))
        if entry is None:
            oldest = self.oldest(name)
            raise TwinError("%s has no revision %d%s." % (name, number, ": revisions are kept from %d on" % oldest if oldest else ""))
        return unpack(Revision, entry)

    def delta(self, name: str, number: int) -> Document:
        """Difference between a revision and the previous one: {"format", "machine", "scopes": see _scopes/state.delta}."""
        self.revision(name, number)
        return self._deltas(name, number, number)[0]

    def deltas(self, name: str) -> list[Document]:
        """The delta of each stored revision, oldest first."""
        return self._deltas(name, 0, MOST)

    def whole_before(self, name: str, number: int) -> int:
        """The newest revision up to a number that is stored as a whole; 0 if there is none."""
        found = self.backend.scan(revision_key(name, 0), revision_key(name, number + 1), 2 * WHOLE_EVERY, newest_first=True)
        return next((revision.number for revision in (unpack(Revision, entry) for _key, entry in found) if revision.whole), 0)

    def state(self, name: str, number: int) -> Document:
        """The whole state of a revision, in today's format: {"format", "machine", "scopes"}; telemetry is of the revision that last changed its scope."""
        revision = self.revision(name, number)
        chain = [revision]
        if revision.whole is None:
            found = self.backend.scan(revision_key(name, 0), revision_key(name, number), WHOLE_EVERY, newest_first=True)
            for _key, entry in found:
                chain.append(unpack(Revision, entry))
                if chain[-1].whole:
                    break
        state = self._beginning(name, chain[-1])
        for each in self._deltas(name, chain[-1].number + 1, number):
            state = dict(each, scopes=merge(state["scopes"], each["scopes"]))
        if revision.format == FORMAT and state_digest(state["scopes"]) != (state.get("kept_digest") or revision.digest):
            raise _damaged(name, number)
        return migrate(state, "Revision %d of %s" % (number, name))

    def _beginning(self, name: str, revision: Revision) -> Document:
        """The state at which a chain of deltas begins."""
        if revision.whole is None:
            if revision.number != 1:
                raise TwinError("The revision on which revision %d of %s is based was deleted: choose a newer revision." % (revision.number, name))
            first: Document = self._deltas(name, 1, 1)[0]
            return dict(first, scopes=merge({}, first["scopes"]))
        content = self.documents.get(revisions_owner(name), revision.whole)
        if content is None:
            raise _damaged(name, revision.number)
        whole: Document = thaw(content)
        return whole

    def _deltas(self, name: str, first: int, last: int) -> list[Document]:
        found = self.backend.scan(delta_key(name, first), delta_key(name, last + 1))
        return [self._thawed(name, key, entry.value) for key, entry in found]

    def _thawed(self, name: str, key: str, value: bytes) -> Document:
        content = value[1:] if value[:1] == DELTA_INLINE else self.documents.get(revisions_owner(name), value[1:].decode("ascii"))
        if content is None:
            raise _damaged(name, int(key.rpartition("/")[2]))
        changes: Document = thaw(content)
        return changes

    def append(self, name: str, number: int, digest: str, document: Document, before: Scopes) -> list[Change]:
        """The changes of a commit that adds a revision; document is the host's new state, before its scopes until now."""
        owner = revisions_owner(name)
        changes = freeze(dict(document, scopes=delta(before, document["scopes"])))
        whole = self.documents.put(owner, freeze(document)) if self._kept_whole(name, number, before, document) else None
        kept = DELTA_INLINE + changes if len(changes) < VALUE_LIMIT else DELTA_NAMED + self.documents.put(owner, changes).encode("ascii")
        revision = Revision(number, time.time(), digest, document["format"], None, whole)
        return [Change(revision_key(name, number), pack(revision), 0), Change(delta_key(name, number), kept, 0)]

    def _kept_whole(self, name: str, number: int, before: Scopes, document: Document) -> bool:
        """Whether to store the whole state: at intervals, and if a delta cannot express the change (a missing scope, another format)."""
        if number == 1:
            return False
        return number % WHOLE_EVERY == 0 or bool(set(before) - set(document["scopes"])) or self.revision(name, number - 1).format != document["format"]

    def end(self, name: str, number: int, outcome: Document) -> Change:
        """The change of a commit that records the outcome of a cycle at a revision."""
        revision = self.revision(name, number)
        return Change(revision_key(name, number), pack(revision._replace(outcome=outcome)), revision.version)

    def forget(self, name: str, below: int) -> None:
        """Remove a host's revisions with numbers below a bound, oldest first, so that a killed run leaves the newer ones."""
        for keyed in (revision_key, delta_key):
            keys = [key for key, _entry in self.backend.scan(keyed(name, 0), keyed(name, below))]
            for start in range(0, len(keys), COMMIT_LIMIT):
                self.backend.commit(*(Change(key, None) for key in keys[start : start + COMMIT_LIMIT]))
        self.documents.keep_only(revisions_owner(name), self._named(name))

    def _named(self, name: str) -> set[str]:
        """Names of all documents that a host's revisions and deltas name."""
        named = {revision.whole for revision in self.newest(name, None) if revision.whole}
        kept = self.backend.scan(*under(delta_key(name, 0)[:-10]))
        return named | {entry.value[1:].decode("ascii") for _key, entry in kept if entry.value[:1] == DELTA_NAMED}


def _damaged(name: str, number: int) -> TwinError:
    return TwinError("Revision %d of %s is damaged in the store: choose a newer revision, or restore the store from a backup." % (number, name))
