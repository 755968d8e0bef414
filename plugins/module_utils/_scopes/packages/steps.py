# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of packages: one call of dpkg for all of them, after their accounts exist."""

from __future__ import annotations

from ..parts import Order, PlanContext, Planner, Step, step_of, why

CHANGE = "packages.change"


def steps(context: PlanContext) -> list[Step]:
    """What goes before what comes."""
    changes = [change for change in context.changes if change.scope == "packages"]
    changes.sort(key=lambda change: (change.want is not None, change.key))
    return [step_of(change, CHANGE, "remove" if change.want is None else "ensure", why(change)) for change in changes]


STEPS = Planner({CHANGE: Order(after=("accounts.ensure", "services.stop"))}, steps)
