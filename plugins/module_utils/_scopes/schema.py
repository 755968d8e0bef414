# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state's schema as code reads it: scopes, kinds of items, fields, and the lane of each field.

A key is `NAME` in a scope of one kind, `KIND:NAME` (or `KIND`) in a scope of several.
"""

from __future__ import annotations

from typing import Sequence

from .._base.errors import TwinError
from .model import DESIRED, Field, Item
from .registry import SCHEMA

FORMAT = 2

_LANES: dict[str, dict[str, tuple[str, ...]]] = {
    scope: {kind: tuple(name for name, field in fields.items() if field.lane == DESIRED) for kind, fields in row.kinds.items()}
    for scope, row in SCHEMA.items()
}


def kind_of(scope: str, key: str) -> str:
    """The kind of an item: the part of its key before the first colon in a scope of several kinds, else ''."""
    return "" if "" in SCHEMA[scope].kinds else key.partition(":")[0]


def fields_of(scope: str, key: str) -> dict[str, Field]:
    """{field name: Field} of one item."""
    return SCHEMA[scope].kinds[kind_of(scope, key)]


def lane_of(scope: str, key: str) -> tuple[str, ...]:
    """Names of the desired fields of an item."""
    lanes = _LANES[scope]
    return lanes.get("") or lanes[key.partition(":")[0]]


def desired(scope: str, key: str, item: Item) -> Item:
    """Only the desired fields of an item, absent ones left out: what is hashed and compared."""
    return {name: item[name] for name in lane_of(scope, key) if item.get(name) is not None}


def require_converged(scopes: Sequence[str]) -> None:
    """Refuse names that are no scopes, and scopes that are only recorded."""
    known = sorted(name for name, scope in SCHEMA.items() if scope.converged)
    unknown = sorted(set(scopes) - set(known))
    if unknown:
        raise TwinError("%s cannot be converged; there are: %s." % (", ".join(unknown), ", ".join(known)))
