# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds running units that must restart because an account that they use changed."""

from __future__ import annotations

from typing import Iterable

from ..model import Change
from ..parts import Readers


def reached(change: Change, readers: Readers) -> Iterable[tuple[str, str]]:
    """Pairs (unit, verb) of the units whose user changes its number, group, home or memberships."""
    kind, name = change.key.split(":", 1)
    if change.want is None or change.have is None:
        return ()
    names: set[str] = set()
    if kind == "group":
        names = set(change.have.get("members", ())) ^ set(change.want.get("members", ()))
    elif {"uid", "group", "home"}.intersection(change.fields):
        names = {name}
    return [pair for user in sorted(names) for pair in readers.users.get(user, {}).items()]
