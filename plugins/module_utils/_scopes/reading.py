# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads all scopes in parallel threads and prepares the data that they share."""

from __future__ import annotations

import concurrent.futures
import time
from concurrent.futures import Future
from typing import Any, Callable, Iterable, Mapping, TypeVar

from .._base.errors import TwinError
from .context import TWIN, Context
from .model import Scopes
from .packages import dpkg
from .registry import SCHEMA
from .registry_parts import collectors, telemetry

# Tables that all scopes of this machine share. _serve fills them before it forks; in any other process they are empty at first.
WARM: dict[str, Any] = {}

T = TypeVar("T")


def warm() -> None:
    """Read the tables that the next harvest needs. Errors are ignored here, because that harvest reports them."""
    try:
        dpkg.index(Context(TWIN, common=WARM))
    except (OSError, ValueError):
        WARM.clear()


def readback(keys: Mapping[str, Iterable[str] | None], roots: Iterable[str] = (), exclude: Iterable[str] = ()) -> Scopes:
    """{scope: body} of the named keys only ({scope: [KEY…] or None for all}), read afresh in a twin."""
    contexts = {scope: Context(TWIN, roots, exclude, only=only, common=WARM) for scope, only in keys.items()}
    return read_all(contexts, {})[0]


def read_all(contexts: dict[str, Context], moving_contexts: dict[str, Context]) -> tuple[Scopes, dict[str, Any], dict[str, float]]:
    """({scope: body}, {name: telemetry}, {scope: seconds}); a scope that fails does not stop the others.

    Its body then has the status failed and a note with the cause.
    """
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
        raise TwinError("There is no scope %s. The scopes are: %s." % (name, ", ".join(sorted(SCHEMA))))
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
