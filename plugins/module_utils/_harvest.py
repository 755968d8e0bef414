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

from ._codec import dumps, write_atomic
from ._collect import _content
from ._collect._context import HOST, TWIN, Context
from ._collect._registry import SCOPES, TELEMETRY
from ._errors import TwinError
from ._machine import machine
from ._program import main
from ._schema import FORMAT, desired
from ._state import delta, state_digest

CACHE = "/run/safetytwin/harvest.json"
# Contents in one reply, in bytes; the rest is named in "missing" and asked for by the next one.
BUDGET = 64 << 20


def harvest(request):
    """The reply to a harvest request; both are described in docs/architecture.md."""
    started = time.monotonic()
    role = request.get("role") or HOST
    options = {"roots": request.get("roots") or (), "exclude": request.get("exclude") or ()}
    cache = _load(dict(options, role=role))
    names = request.get("scopes") or sorted(SCOPES)
    contexts = {name: Context(role, cache=cache["scopes"].setdefault(name, {}), common=cache["common"], **options) for name in names}
    telemetry = {name: Context(role, common=cache["common"], **options) for name in TELEMETRY if request.get("telemetry")}
    bodies, facts, seconds = _read_all(contexts, telemetry)
    digest = state_digest(bodies)
    known = _known(cache, request.get("base"), digest, bodies)
    changes = bodies if known is None else delta(known, bodies)
    wanted = set(request.get("want") or ())
    if role == HOST:
        wanted |= {item["digest"] for item in changes.get("files", {"items": {}})["items"].values() if _is_carried(item)}
    blobs, missing = _blobs(Context(role), bodies.get("files"), wanted)
    if not request.get("scopes"):
        _store(cache, digest, bodies)
    seconds["total"] = round(time.monotonic() - started, 3)
    return {
        "format": FORMAT, "machine": machine(), "digest": digest, "base": None if known is None else request["base"], "scopes": changes,
        "blobs": blobs, "missing": missing, "telemetry": facts, "seconds": seconds,
    }


def readback(keys, roots=(), exclude=()):
    """{scope: body} of the named keys only ({scope: [KEY…] or None for all}), read afresh in a twin."""
    contexts = {scope: Context(TWIN, roots, exclude, only=only) for scope, only in keys.items()}
    common = {}
    for context in contexts.values():
        context.common = common
    return _read_all(contexts, {})[0]


def _read_all(contexts, telemetry):
    """({scope: body}, {name: telemetry}, {scope: seconds}); a scope that fails says so in its body and stops no other."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        scopes = {name: pool.submit(_timed, SCOPES[_known_scope(name)], context) for name, context in contexts.items()}
        facts = {name: pool.submit(_timed, TELEMETRY[name], context) for name, context in telemetry.items()}
    bodies = {name: _outcome(job, "The scope %s" % name) for name, job in scopes.items()}
    moving = {name: _outcome(job, "Telemetry of %s" % name) for name, job in facts.items()}
    seconds = {name: job.result()[1] for name, job in list(scopes.items()) + list(facts.items()) if not job.exception()}
    return bodies, moving, seconds


def _known_scope(name):
    if name not in SCOPES:
        raise TwinError("There is no scope %s; there are: %s." % (name, ", ".join(sorted(SCOPES))))
    return name


def _timed(collect, context):
    started = time.monotonic()
    return collect(context), round(time.monotonic() - started, 3)


def _outcome(job, what):
    error = job.exception()
    if error is None:
        return job.result()[0]
    said = str(error) if isinstance(error, TwinError) else "%s: %s" % (type(error).__name__, error)
    return {"status": "failed", "note": "%s could not be read: %s" % (what, said), "items": {}, "excluded": {}}


def _is_carried(item):
    return item["type"] == "file" and not item.get("pristine")


def _blobs(context, files, wanted):
    """({digest: base64}, [digests that this reply does not bring]); only what redaction has let into the state can be had."""
    blobs, room = {}, BUDGET
    for path, item in (files or {"items": {}})["items"].items():
        name = item.get("digest")
        if name in wanted and name not in blobs and item["size"] <= room:
            content = _content.blob(context, path, name)
            if content is not None:
                blobs[name] = base64.b64encode(content).decode("ascii")
                room -= len(content)
    return blobs, sorted(wanted - set(blobs))


def _known(cache, base, digest, bodies):
    """The scopes that base stands for; None if it is not known here any more."""
    if base is None:
        return None
    if base == digest:
        return bodies
    return cache["state"] if cache["digest"] == base else None


def _load(options):
    """The last harvest under the same options; an empty one where there is none, or none that can be read."""
    fresh = {"format": FORMAT, "options": json.loads(dumps(options)), "digest": None, "state": {}, "scopes": {}, "common": {}, "text": None}
    try:
        with open(CACHE, encoding="ascii") as stream:
            content = stream.read()
        cache = json.loads(content)
    except (FileNotFoundError, PermissionError, ValueError):
        return fresh
    same = cache.get("format") == FORMAT and cache.get("options") == fresh["options"]
    return dict(cache, text=content) if same else fresh


def _store(cache, digest, bodies):
    """Keep what the next harvest needs; nothing is written when nothing is new, or by a user who is not root."""
    state = {
        scope: dict(body, items={key: desired(scope, key, item) for key, item in body["items"].items()})
        for scope, body in bodies.items()
    }
    before = cache.pop("text")
    content = dumps(dict(cache, digest=digest, state=state))
    if content != before and os.geteuid() == 0:
        os.makedirs(os.path.dirname(CACHE), mode=0o700, exist_ok=True)
        write_atomic(CACHE, content.encode("ascii"))


if __name__ == "__main__":
    main(harvest)
