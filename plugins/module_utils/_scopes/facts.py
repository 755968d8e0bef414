# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts a collector's result to the result of a fact module."""
from __future__ import annotations

from typing import Any, Callable, Iterable

from .._base.codec import outward
from .._base.errors import TwinError
from .context import Context
from .model import Body, Items


def scope_facts(name: str, collect: Callable[[Context], Body], only: Iterable[str] | None = None, by_kind: bool = False) -> dict[str, Any]:
    """{"ansible_facts": {name: items}, "status", "note", "excluded"} of a scope's collector; status is partial where something could not be learned.

    only: keys to read, or None. by_kind: items keyed `KIND:NAME` become {KIND: {NAME: item}}, those keyed `KIND` {KIND: item}.
    """
    context = Context(only=only, tolerant=True)
    body = collect(context)
    if body["status"] == "failed":
        raise TwinError(body["note"])
    unknown = sorted((context.only or set()) - set(body["items"]) - set(body["excluded"]))
    missed = context.missed + ["Nothing has the name %s: give full names, and no aliases." % ", ".join(unknown)] * bool(unknown)
    note = " ".join(filter(None, [body["note"], *missed[len(context.missed):]]))
    status = "partial" if missed else body["status"]
    items = _nested(body["items"]) if by_kind else body["items"]
    facts: dict[str, Any] = outward({"ansible_facts": {name: items}, "status": status, "note": note, "excluded": body["excluded"]})
    return facts


def _nested(items: Items) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, item in items.items():
        kind, colon, name = key.partition(":")
        if colon:
            shown.setdefault(kind, {})[name] = item
        else:
            shown[kind] = item
    return shown
