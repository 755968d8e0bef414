# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a machine: every scope, redacted on hosts, answered as what differs from a state that is already known."""
from __future__ import annotations

import base64
import json
import time
from typing import Any, Mapping

from ._base.bounds import TEXT
from ._base.machine import machine
from ._scopes import reading
from ._scopes.context import HOST, Context
from ._scopes.memory import Memory
from ._scopes.model import Body, Delta, HarvestRequest, Scopes
from ._scopes.registry import SCHEMA, TELEMETRY
from ._scopes.registry_parts import blob_readers, payloads
from ._scopes.schema import FORMAT
from ._scopes.state import delta, state_digest
from ._transport.program import main

# Contents in one reply, in bytes, at least the largest file; the rest is named in "missing" and asked for by the next one.
BUDGET = 8 << 20
_NAMED, _REST = 80, 1 << 20  # bytes of JSON that a content needs besides its text, and that the reply needs besides state and contents


def harvest(request: HarvestRequest) -> dict[str, Any]:
    """The reply to a harvest request; both are described in docs/architecture.md."""
    started = time.monotonic()
    role = request.get("role") or HOST
    options: dict[str, Any] = {"roots": request.get("roots") or (), "exclude": request.get("exclude") or ()}
    memory = Memory(dict(options, role=role))
    names = request.get("scopes") or sorted(SCHEMA)
    contexts = {name: Context(role, cache=memory.scope(name), common=memory.scope("common"), **options) for name in names}
    moving = {name: Context(role, common=memory.scope("common"), **options) for name in TELEMETRY if request.get("telemetry")}
    bodies, facts, seconds = reading.read_all(contexts, moving)
    digest = state_digest(bodies)
    base, changes = _compare(memory, request.get("base"), digest, bodies)
    wanted = set(request.get("want") or ())
    if role == HOST:
        wanted |= _carried(changes)
    blobs, missing = _blobs(Context(role), bodies, wanted, _room(changes, wanted))
    if not request.get("scopes"):
        memory.keep(digest, bodies)
    seconds["total"] = round(time.monotonic() - started, 3)
    return {
        "format": FORMAT, "machine": machine(), "digest": digest, "base": base, "scopes": changes, "blobs": blobs, "missing": missing,
        "telemetry": facts, "seconds": seconds,
    }


def _compare(memory: Memory, base: str | None, digest: str, bodies: Scopes) -> tuple[str | None, Scopes | Delta]:
    """(base or None, what differs from it); everything where base is not the state this machine remembers."""
    if base is not None and base == digest:
        return base, {}
    before = memory.state(base) if base else None
    return (None, bodies) if before is None else (base, delta(before, bodies))


def _carried(scopes: Mapping[str, Body]) -> set[str]:
    """Digests of the contents that go along with items that changed."""
    carried = (
        part.content(item) for scope, part in payloads().items() if scope in scopes for key, item in scopes[scope]["items"].items() if part.carried(key, item)
    )
    return {name for name in carried if name is not None}


def _room(changes: Mapping[str, Any], wanted: set[str]) -> int:
    """Bytes of contents for which the reply has room beside the state, in base64."""
    return min(BUDGET, (TEXT - _REST - _NAMED * len(wanted) - len(json.dumps(changes))) * 3 // 4) if wanted else 0


def _blobs(context: Context, scopes: Scopes, wanted: set[str], room: int) -> tuple[dict[str, str], list[str]]:
    """({digest: base64}, [digests that this reply does not bring]); only what redaction has let into the state can be had.

    Small contents come first: one of the largest may have to wait, and package sources must not.
    """
    blobs: dict[str, str] = {}
    for scope, read in blob_readers().items():
        items = scopes[scope]["items"] if wanted and scope in scopes else {}
        for key, item in sorted(items.items(), key=lambda named: named[1].get("size") or 0):
            name = payloads()[scope].content(item)
            if name is None or name in blobs or name not in wanted:
                continue
            content = read(context, key, name)
            if content is not None and len(content) <= room:
                blobs[name] = base64.b64encode(content).decode("ascii")
                room -= len(content)
    return blobs, sorted(wanted - set(blobs))


if __name__ == "__main__":
    main(harvest, "psutil")
