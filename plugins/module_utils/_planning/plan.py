# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts changes to steps with their order and reasons."""

from __future__ import annotations

from .._scopes.model import Change, Scopes
from .._scopes.parts import Order, PlanContext, Reach, Step
from .._scopes.registry import SCHEMA
from .._scopes.registry_parts import planners
from . import graph


def plan(changes: list[Change], reached: dict[str, Reach], desired: Scopes, actual: Scopes) -> list[Step]:
    """The steps for the changes, in the order of their application.

    changes as from diff.diff, reached as from impact.dependents, desired and actual the scopes that both were made from.
    """
    known = planners()
    steps: dict[str, Step] = {}
    for scope in SCHEMA:
        if scope in known:
            made = known[scope].steps(PlanContext(changes, reached, desired, actual, steps))
            steps.update({step["id"]: step for step in made})
    orders: dict[str, Order] = {name: order for planner in known.values() for name, order in planner.batches.items()}
    return graph.ordered(_placed(list(steps.values()), orders))


def _placed(steps: list[Step], orders: dict[str, Order]) -> list[Step]:
    """The steps, each with the batches of this plan that it comes after."""
    present = {step["batch"] for step in steps}
    after: dict[str, list[str]] = {name: sorted(names & present) for name, names in graph.after_of(orders).items()}
    for step in steps:
        step["after"] = after.get(step["batch"], [])
    return steps
