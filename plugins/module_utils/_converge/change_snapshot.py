# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds changes that package scripts made, with a snapshot of the twin before and after.

A look opens no file and asks for no single unit. Reading the whole twin again instead takes ten times as long, nearly all of it systemctl
describing units that nobody changed.
"""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

from .._scopes.context import TWIN, Context
from .._scopes.registry_parts import snapshots

Look = Dict[Tuple[str, str], Any]


def look(roots: Sequence[str] = (), exclude: Sequence[str] = ()) -> Look:
    """{(scope, key): what it looks like} of the items that a harvest would read, as far as a scope can tell without reading them."""
    context = Context(TWIN, roots, exclude)
    return {(scope, key): seen for scope, part in snapshots().items() for key, seen in part(context).items()}


def differing(before: Look, after: Look) -> list[tuple[str, str]]:
    """The (scope, key) on which two looks do not agree, sorted."""
    return sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
