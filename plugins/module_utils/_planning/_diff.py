# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between the twin as it is and as it should be: keyed, over desired fields, in one order."""
from __future__ import annotations

import collections

from .._schema import DESIRED, SCHEMA

# have, want: desired fields or None (not there); fields: names that differ, sorted; all of want's for what is missing
Change = collections.namedtuple("Change", "scope key have want fields")

# A unit that only its trigger starts has no activity of its own: whether it has a trigger may differ with the machine.
OPEN = ("active",)

LANES = {
    scope: {kind: tuple(name for name, field in fields.items() if field.lane == DESIRED) for kind, fields in row.kinds.items()}
    for scope, row in SCHEMA.items()
}


def diff(actual_scopes, desired_scopes, keep):
    """Changes that turn the actual scopes into the desired ones, scopes in the schema's order, keys sorted.

    keep is {scope: keys of the twin's own that stay}. A field that a desired item does not have is not compared: policy
    left it open. A scope that could not be read on either side has no changes, nor has one that is never converged.
    """
    changes = []
    for scope, row in SCHEMA.items():
        actual, desired = actual_scopes.get(scope), desired_scopes.get(scope)
        if row.converged and actual and desired and "failed" not in (actual["status"], desired["status"]):
            changes += _scope(scope, actual["items"], desired["items"], keep.get(scope, ()))
    return changes


def _scope(scope, actual, desired, keep):
    lanes = LANES[scope]
    single = lanes.get("")
    changes = []
    for key in sorted(actual.keys() | desired.keys()):
        lane = single or lanes[key.partition(":")[0]]
        have, want = actual.get(key), desired.get(key)
        if want is None:
            if key not in keep:
                changes.append(Change(scope, key, picked(lane, have), None, ()))
            continue
        fields = differing(lane, have or {}, want)
        if fields or have is None:
            changes.append(Change(scope, key, picked(lane, have), picked(lane, want), fields))
    return changes


def picked(lane, item):
    """The fields of an item that are in a lane and set; None for no item."""
    return None if item is None else {name: item[name] for name in lane if item.get(name) is not None}


def differing(lane, have, want):
    """Names of the fields that want sets and have does not have so, sorted; where have leaves its activity open, that is no difference."""
    left_open = OPEN if have and want.get("active") == "inactive" else ()
    return tuple(sorted(
        name for name in lane
        if want.get(name) is not None and have.get(name) != want[name] and not (name in left_open and have.get(name) is None)
    ))


def lane_of(scope, key):
    """Names of the desired fields of an item."""
    lanes = LANES[scope]
    return lanes.get("") or lanes[key.partition(":")[0]]
