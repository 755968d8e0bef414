# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States as plain values: digests, deltas between them, and the steps from older formats."""
from __future__ import annotations

from typing import Any, Callable

from .._base.codec import digest
from .._base.errors import TwinError
from .model import Body, Delta, Item, Scopes
from .schema import FORMAT, desired

# Format -> function that converts a document of that format to the next format. Digests are those of the newest format.
STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda document: document,  # format 2 added the sockets of services, which cannot be derived from an older state
}


def scope_digest(scope: str, body: Body) -> str:
    """Digest of one scope's desired lane; body is {"status", "note", "items", "excluded"}."""
    items = body["items"]
    rows = [[key, digest(desired(scope, key, items[key]))] for key in sorted(items)]
    return digest([body["status"], rows, sorted(body["excluded"].items())])


def state_digest(scopes: Scopes) -> str:
    """Digest of a whole state: the same for two harvests that differ by telemetry and identity only."""
    return digest([[scope, scope_digest(scope, scopes[scope])] for scope in sorted(scopes)])


def delta(before: Scopes, after: Scopes) -> Delta:
    """What turns scopes `before` into `after`: {scope: {"status", "note", "items": changed, "removed": keys, "excluded"}}.

    Scopes whose desired lane is the same are left out.
    """
    changes: Delta = {}
    for scope, body in after.items():
        old = before.get(scope)
        if old is not None and scope_digest(scope, old) == scope_digest(scope, body):
            continue
        known = old["items"] if old else {}
        changes[scope] = {
            "status": body["status"],
            "note": body["note"],
            "items": {key: item for key, item in body["items"].items() if key not in known or not _same(scope, key, known[key], item)},
            "excluded": body["excluded"],
            "removed": sorted(set(known) - set(body["items"])),
        }
    return changes


def _same(scope: str, key: str, old: Item, new: Item) -> bool:
    return desired(scope, key, old) == desired(scope, key, new)


def merge(before: Scopes, changes: Delta) -> Scopes:
    """The inverse of delta: scopes `before` with changes applied; scopes that changes do not name stay."""
    after = dict(before)
    for scope, change in changes.items():
        kept = before[scope]["items"] if scope in before else {}
        gone = set(change["removed"])
        items = {key: item for key, item in kept.items() if key not in gone}
        items.update(change["items"])
        after[scope] = {"status": change["status"], "note": change["note"], "items": items, "excluded": change["excluded"]}
    return after


def migrate(document: dict[str, Any], what: str) -> dict[str, Any]:
    """The document in the current format; raises TwinError if its format is newer or unknown. what names the document in that message."""
    found = document.get("format")
    if not isinstance(found, int) or found < min([FORMAT, *STEPS]):
        raise TwinError("%s has no format number this version knows: harvest the host again." % what)
    if found > FORMAT:
        raise TwinError("%s has format %d, this version reads up to %d: upgrade safetytwin.twin here." % (what, found, FORMAT))
    for number in range(found, FORMAT):
        document = dict(STEPS[number](document), format=number + 1)
    return document
