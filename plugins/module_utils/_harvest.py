# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a machine: every scope, redacted on hosts, answered as what differs from a state that is already known."""
from __future__ import annotations

import base64
import concurrent.futures
import json
import os
import time
from concurrent.futures import Future
from typing import Any, Callable, Iterable, Mapping, TypeVar

from ._base.codec import dumps, write_atomic
from ._base.errors import TwinError
from ._base.machine import machine
from ._scopes.context import HOST, TWIN, Context
from ._scopes.model import Body, Delta, HarvestRequest, Scopes
from ._scopes.packages import dpkg
from ._scopes.registry import SCHEMA, TELEMETRY, blob_readers, collectors, payloads, telemetry
from ._scopes.schema import FORMAT, desired
from ._scopes.state import delta, state_digest
from ._transport.program import main

DIRECTORY = "/run/safetytwin"
# Contents in one reply, in bytes; the rest is named in "missing" and asked for by the next one.
BUDGET = 64 << 20
# What all scopes of this machine share, as a resident process has it ready for its forks; empty in a process of its own.
WARM: dict[str, Any] = {}

T = TypeVar("T")


def warm() -> None:
    """Have the tables ready that the next harvest needs; what cannot be read now is for that harvest to say."""
    try:
        dpkg.index(Context(TWIN, common=WARM))
    except (OSError, ValueError):
        WARM.clear()


def harvest(request: HarvestRequest) -> dict[str, Any]:
    """The reply to a harvest request; both are described in docs/architecture.md."""
    started = time.monotonic()
    role = request.get("role") or HOST
    options: dict[str, Any] = {"roots": request.get("roots") or (), "exclude": request.get("exclude") or ()}
    memory = Memory(dict(options, role=role))
    names = request.get("scopes") or sorted(SCHEMA)
    contexts = {name: Context(role, cache=memory.scope(name), common=memory.scope("common"), **options) for name in names}
    moving = {name: Context(role, common=memory.scope("common"), **options) for name in TELEMETRY if request.get("telemetry")}
    bodies, facts, seconds = _read_all(contexts, moving)
    digest = state_digest(bodies)
    base, changes = _compare(memory, request.get("base"), digest, bodies)
    wanted = set(request.get("want") or ())
    if role == HOST:
        wanted |= _carried(changes)
    blobs, missing = _blobs(Context(role), bodies, wanted)
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


def readback(keys: Mapping[str, Iterable[str] | None], roots: Iterable[str] = (), exclude: Iterable[str] = ()) -> Scopes:
    """{scope: body} of the named keys only ({scope: [KEY…] or None for all}), read afresh in a twin."""
    contexts = {scope: Context(TWIN, roots, exclude, only=only, common=WARM) for scope, only in keys.items()}
    return _read_all(contexts, {})[0]


def _read_all(contexts: dict[str, Context], moving_contexts: dict[str, Context]) -> tuple[Scopes, dict[str, Any], dict[str, float]]:
    """({scope: body}, {name: telemetry}, {scope: seconds}); a scope that fails says so in its body and stops no other."""
    read, watch = collectors(), telemetry() if moving_contexts else {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        scopes = {name: pool.submit(_timed, read[_known_scope(name)], context) for name, context in contexts.items()}
        facts = {name: pool.submit(_timed, watch[name], context) for name, context in moving_contexts.items()}
    bodies = {name: _outcome(job, "The scope %s" % name) for name, job in scopes.items()}
    moving = {name: _outcome(job, "Telemetry of %s" % name) for name, job in facts.items()}
    seconds = {name: job.result()[1] for name, job in list(scopes.items()) + list(facts.items()) if not job.exception()}
    return bodies, moving, seconds


def _known_scope(name: str) -> str:
    if name not in SCHEMA:
        raise TwinError("There is no scope %s; there are: %s." % (name, ", ".join(sorted(SCHEMA))))
    return name


def _timed(collect: Callable[[Context], T], context: Context) -> tuple[T, float]:
    started = time.monotonic()
    return collect(context), round(time.monotonic() - started, 3)


def _outcome(job: Future[tuple[Any, float]], what: str) -> Any:
    error = job.exception()
    if error is None:
        return job.result()[0]
    said = str(error) if isinstance(error, TwinError) else "%s: %s" % (type(error).__name__, error)
    return {"status": "failed", "note": "%s could not be read: %s" % (what, said), "items": {}, "excluded": {}}


def _carried(scopes: Mapping[str, Body]) -> set[str]:
    """Digests of the contents that go along with items that changed."""
    carried = (
        part.content(item) for scope, part in payloads().items() if scope in scopes for item in scopes[scope]["items"].values() if part.carried(item)
    )
    return {name for name in carried if name is not None}


def _blobs(context: Context, scopes: Scopes, wanted: set[str]) -> tuple[dict[str, str], list[str]]:
    """({digest: base64}, [digests that this reply does not bring]); only what redaction has let into the state can be had."""
    blobs, room = {}, BUDGET
    for scope, read in blob_readers().items():
        for key, item in scopes[scope]["items"].items() if scope in scopes else ():
            name = payloads()[scope].content(item)
            if name is None or name in blobs or name not in wanted:
                continue
            content = read(context, key, name)
            if content is not None and len(content) <= room:
                blobs[name] = base64.b64encode(content).decode("ascii")
                room -= len(content)
    return blobs, sorted(wanted - set(blobs))


class Memory:
    """What a harvest leaves for the next one under /run: stamps of what was read, and the state that was answered.

    Two files, each replaced as a whole and only when it is to hold something new; the state is read only where it is needed.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = json.loads(dumps(options))
        self.stamps_text = _read("stamps.json")
        self.stamps = self._known(self.stamps_text).get("scopes", {})
        self.digest = self._known(self.stamps_text).get("digest")

    def _known(self, content: str) -> dict[str, Any]:
        try:
            document = json.loads(content)
        except ValueError:  # nothing yet, or not ours: the harvest is whole without it
            return {}
        return document if document.get("format") == FORMAT and document.get("options") == self.options else {}

    def scope(self, name: str) -> dict[str, Any]:
        """The dict a scope keeps for itself."""
        kept: dict[str, Any] = self.stamps.setdefault(name, WARM if name == "common" else {})
        return kept

    def state(self, digest: str) -> Scopes | None:
        """The scopes of the remembered state if it has this digest, else None."""
        known = self._known(_read("state.json"))
        return known["scopes"] if known.get("digest") == digest else None

    def keep(self, digest: str, bodies: Scopes) -> None:
        """Remember this harvest; only root has a place for it."""
        if os.geteuid() != 0:
            return
        head = {"format": FORMAT, "options": self.options, "digest": digest}
        if digest != self.digest:
            desired_only = {
                scope: dict(body, items={key: desired(scope, key, item) for key, item in body["items"].items()})
                for scope, body in bodies.items()
            }
            _write("state.json", dumps(dict(head, scopes=desired_only)))
        content = dumps(dict(head, scopes=self.stamps))
        if content != self.stamps_text:
            _write("stamps.json", content)


def _read(name: str) -> str:
    """What an earlier harvest wrote; "" where there is none."""
    try:
        with open(os.path.join(DIRECTORY, name), encoding="ascii") as stream:
            return stream.read()
    except (FileNotFoundError, PermissionError):
        return ""


def _write(name: str, content: str) -> None:
    os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
    write_atomic(os.path.join(DIRECTORY, name), content.encode("ascii"))


if __name__ == "__main__":
    main(harvest)
