# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A collector's answer in the form in which fact modules return it."""
from __future__ import annotations

from .._base.codec import outward
from .._base.errors import TwinError
from .context import Context


def scope_facts(name, collect, only=None, by_kind=False):
    """{"ansible_facts": {name: items}, "status", "note", "excluded"} of a scope's collector.

    only: keys to read, or None. by_kind: items keyed `KIND:NAME` become {KIND: {NAME: item}}, those keyed `KIND` {KIND: item}.
    """
    body = collect(Context(only=only))
    if body["status"] == "failed":
        raise TwinError(body["note"])
    items = _nested(body["items"]) if by_kind else body["items"]
    return outward({"ansible_facts": {name: items}, "status": body["status"], "note": body["note"], "excluded": body["excluded"]})


def _nested(items):
    shown = {}
    for key, item in items.items():
        kind, colon, name = key.partition(":")
        if colon:
            shown.setdefault(kind, {})[name] = item
        else:
            shown[kind] = item
    return shown
