# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks everything that a twin sends: its own harvest, and its reply to a plan. Pure."""

from __future__ import annotations

from typing import Any, Collection, Iterable

from .._base.codec import printable
from .._base.errors import TwinError
from .._scopes.model import Body, Scopes
from .._scopes.parts import ApplyReply
from .._scopes.registry import SCHEMA
from .._scopes.step_result import Result
from .validate import parse_seconds
from .validate_scopes import check_of_scope, failed_scope, parse_scope

SENTENCE = 2048  # characters of what the twin says of a step


def parse_twin(raw: Any, names: Iterable[str], before: Scopes, where: str) -> Scopes:
    """The named scopes of a twin that was read as a whole; before is its last known state, or {}."""
    sent = _object(raw, "scopes", where)
    return {name: _scope(name, sent, before.get(name)) for name in names}


def parse_apply(raw: Any, steps: Collection[str], before: Scopes, where: str) -> ApplyReply:
    """A twin's reply to a plan with steps of these ids; before is the last known state of the twin."""
    sent, read = _object(raw, "scopes", where), _object(raw, "read", where)
    results = raw.get("results")
    if not isinstance(results, list):
        raise TwinError("The twin %s answered without results: install the same version of safetytwin.twin in it and here." % where)
    keys = {scope: _keys(scope, found) for scope, found in read.items() if scope in SCHEMA}
    return {
        "results": _results(results, set(steps)), "read": keys, "scopes": {scope: _scope(scope, sent, before.get(scope)) for scope in keys},
        "seconds": parse_seconds(raw.get("seconds")),
    }


def _object(raw: Any, name: str, where: str) -> dict[str, Any]:
    found = raw.get(name) if isinstance(raw, dict) else None
    if not isinstance(found, dict):
        raise TwinError("The twin %s answered without %s: install the same version of safetytwin.twin in it and here." % (where, name))
    return found


def _scope(scope: str, sent: dict[str, Any], before: Body | None) -> Body:
    if scope not in sent:
        return failed_scope("The twin did not say how the scope %s is." % scope, before)
    return parse_scope(scope, sent[scope], before, None, whole=True).body


def _keys(scope: str, keys: Any) -> list[str] | None:
    """The keys of a scope that were read back; None for all of them."""
    if not isinstance(keys, list):
        return None
    check = check_of_scope(scope).key
    return [key for key in keys if isinstance(key, str) and check(key) is None]


def _results(raw: list[Any], steps: Collection[str]) -> list[Result]:
    """Results of the plan's steps from the twin; results of other steps are left out."""
    found: dict[str, Result] = {}
    for row in raw:
        step = row.get("id") if isinstance(row, dict) else None
        if isinstance(step, str) and step in steps and isinstance(row.get("changed"), bool):
            failed = row.get("failed")
            said = None if failed is None else printable(failed if isinstance(failed, str) else "", SENTENCE) or "It failed without a word."
            found[step] = {"id": step, "changed": row["changed"], "failed": said}
    return list(found.values())
