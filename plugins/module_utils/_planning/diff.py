# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calculates the differences between the actual and the desired state, per item, over desired fields, in a fixed order."""
from __future__ import annotations

from typing import Collection, Mapping

from .._scopes.model import Change, Item, Items, Scopes
from .._scopes.registry import SCHEMA
from .._scopes.schema import lane_of

# A field whose value the item itself may leave open: an item without it is as good as an inactive one.
OPEN = ("active",)


def diff(actual_scopes: Scopes, desired_scopes: Scopes, keep: Mapping[str, Collection[str]]) -> list[Change]:
    """Changes that turn the actual scopes into the desired ones, scopes in the schema's order, keys sorted.

    keep is {scope: keys of the twin's own that stay}. A field that a desired item does not have is not compared: policy
    left it open. A scope that could not be read on either side has no changes, nor has one that is never converged.
    """
    changes: list[Change] = []
    for scope, row in SCHEMA.items():
        actual, desired = actual_scopes.get(scope), desired_scopes.get(scope)
        if row.converged and actual and desired and "failed" not in (actual["status"], desired["status"]):
            changes += _scope(scope, actual["items"], desired["items"], keep.get(scope, ()))
    return changes


def _scope(scope: str, actual: Items, desired: Items, keep: Collection[str]) -> list[Change]:
    changes = []
    for key in sorted(actual.keys() | desired.keys()):
        lane = lane_of(scope, key)
        have, want = actual.get(key), desired.get(key)
        if want is None:
            if key not in keep:
                changes.append(Change(scope, key, have and picked(lane, have), None, ()))
            continue
        fields = differing(lane, have or {}, want)
        if fields or have is None:
            changes.append(Change(scope, key, have and picked(lane, have), picked(lane, want), fields))
    return changes


def picked(lane: tuple[str, ...], item: Item) -> Item:
    """The fields of an item that are in a lane and set."""
    return {name: item[name] for name in lane if item.get(name) is not None}


def differing(lane: tuple[str, ...], have: Item, want: Item) -> tuple[str, ...]:
    """Names of the fields that want sets and have does not have so, sorted.

    Where have says nothing, neither an activity that it may leave open nor an empty list is a difference.
    """
    left_open = OPEN if have and want.get("active") == "inactive" else ()
    return tuple(sorted(
        name for name in lane
        if want.get(name) is not None and have.get(name) != want[name] and not ((name in left_open or want[name] == []) and have.get(name) is None)
    ))
