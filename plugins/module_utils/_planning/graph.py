# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides the order of a plan, both of the printed plan and of its application.

A batch begins when the batches that its steps come after, or require, have ended. Inside a batch, steps that require each other stand in
levels, one after the other.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

from .._base.errors import TwinError
from .._scopes.parts import Order, Step


class Batch(NamedTuple):
    """Steps for one applier: levels in turn, each in order; after are the names of the batches that end first."""

    name: str
    after: set[str]
    levels: list[list[Step]]


def after_of(orders: dict[str, Order]) -> dict[str, set[str]]:
    """{batch: batches that end before it begins}, from what each batch declares about itself and others."""
    found: dict[str, set[str]] = {name: set(order.after) for name, order in orders.items()}
    for name, order in orders.items():
        for later in order.before:
            found.setdefault(later, set()).add(name)
    return found


def batches(steps: Iterable[Step]) -> list[Batch]:
    """The batches of a plan in order; raises TwinError if steps wait for each other."""
    members: dict[str, list[Step]] = {}
    for step in steps:
        members.setdefault(step["batch"], []).append(step)
    home = {step["id"]: step["batch"] for found in members.values() for step in found}
    after = {name: _before(name, found, home) & members.keys() for name, found in members.items()}
    return [Batch(name, after[name], _levels(members[name])) for name in _in_turn(after)]


def ordered(steps: Iterable[Step]) -> list[Step]:
    """The steps in the order in which they are applied."""
    return [step for batch in batches(steps) for level in batch.levels for step in level]


def _before(name: str, steps: list[Step], home: dict[str, str]) -> set[str]:
    """Names of the batches that the steps of one batch wait for."""
    waits = {batch for step in steps for batch in step["after"]}
    waits |= {home[needed] for step in steps for needed in step["requires"] if needed in home}
    return waits - {name}


def _in_turn(after: dict[str, set[str]]) -> list[str]:
    """The names in order; if several could come next, the first in the alphabet does."""
    turn: list[str] = []
    waiting = set(after)
    while waiting:
        ready = sorted(name for name in waiting if not after[name] & waiting)
        if not ready:
            raise TwinError("The plan cannot be ordered: the batches %s wait for each other." % ", ".join(sorted(waiting)))
        turn.append(ready[0])
        waiting.remove(ready[0])
    return turn


def _levels(steps: list[Step]) -> list[list[Step]]:
    """The steps of a batch, each after the steps of the batch that it requires."""
    waiting = {step["id"]: step for step in steps}
    levels: list[list[Step]] = []
    while waiting:
        level = [step for step in waiting.values() if not waiting.keys() & step["requires"]]
        if not level:
            raise TwinError("The plan cannot be ordered: the steps %s wait for each other." % ", ".join(sorted(waiting)))
        levels.append(level)
        for step in level:
            del waiting[step["id"]]
    return levels
