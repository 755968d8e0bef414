# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes plans and outcomes in words and numbers, for results, diff mode and reports."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._base.codec import dumps
from .._base.reasons import explain
from .._scopes.model import Item
from .._scopes.parts import Step
from .reconcile_plan import Failures


def shown(steps: Sequence[Step], limit: int) -> list[dict[str, Any]]:
    """The first steps that concern an item: {"scope", "key", "verb", "because", "before", "after"}."""
    return [
        {
            "scope": step["scope"], "key": step["key"], "verb": step["verb"], "because": step["because"],
            "before": _text(step["have"]), "after": _text(step["want"]),
        }
        for step in _items(steps)[:limit]
    ]


def counts(steps: Sequence[Step]) -> dict[str, int]:
    """Steps that concern an item, per scope."""
    found: dict[str, int] = {}
    for step in _items(steps):
        found[step["scope"]] = found.get(step["scope"], 0) + 1
    return found


def sentences(failures: Failures) -> list[str]:
    """A sentence for each item that did not reach its desired state."""
    return ["%s %s: %s" % (scope, key, explain(reason)) for scope, keys in failures.items() for key, reason in sorted(keys.items())]


def recorded(result: Mapping[str, Any]) -> dict[str, Any]:
    """What of a cycle's result is kept with its revision."""
    changes = [{name: change[name] for name in ("scope", "key", "verb", "because")} for change in result["changes"]]
    return {"changes": changes, "counts": result["counts"], "failures": result["failures"], "seconds": result["seconds"]}


def _items(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step["key"]]


def _text(fields: Item | None) -> str:
    return "" if fields is None else "".join("%s: %s\n" % (name, dumps(value)) for name, value in sorted(fields.items()))
