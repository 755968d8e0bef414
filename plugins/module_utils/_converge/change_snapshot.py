# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds changes that package scripts made, with a snapshot of the twin before and after.

Taking a snapshot opens no file and calls systemctl for no single unit. Reading the whole twin again takes ten times as long, nearly all of it for
the answers of systemctl about units that did not change.
"""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

from .._scopes.context import TWIN, Context
from .._scopes.registry_parts import snapshots

Look = Dict[Tuple[str, str], Any]


def look(roots: Sequence[str] = (), exclude: Sequence[str] = ()) -> Look:
    """Take a snapshot: {(scope, key): stamp} of the items that a harvest with these roots and exclusions would read. Equal stamps mean an unchanged item."""
    context = Context(TWIN, roots, exclude)
    return {(scope, key): seen for scope, part in snapshots().items() for key, seen in part(context).items()}


def differing(before: Look, after: Look) -> list[tuple[str, str]]:
    """The sorted pairs (scope, key) whose stamps differ, or that only one of the two snapshots has."""
    return sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
