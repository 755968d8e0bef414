# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of accounts: an account is created before the items it owns and removed after them."""

from __future__ import annotations

from ..model import Change
from ..parts import Order, PlanContext, Planner, Step, step_of, why

ENSURE, REMOVE = "accounts.ensure", "accounts.remove"


def steps(context: PlanContext) -> list[Step]:
    """Create groups before the users that have them as primary group; remove them in the reverse order."""
    changes = [change for change in context.changes if change.scope == "accounts"]
    coming = sorted((change for change in changes if change.want is not None), key=lambda change: (change.key.startswith("user:"), change.key))
    going = sorted((change for change in changes if change.want is None), key=lambda change: (change.key.startswith("group:"), change.key))
    known = {change.key for change in coming}
    made = [step_of(change, ENSURE, "ensure", why(change), _requires(change, known)) for change in coming]
    return made + [step_of(change, REMOVE, "remove", why(change)) for change in going]


def _requires(change: Change, coming: set[str]) -> list[str]:
    group = "group:%s" % (change.want or {}).get("group")
    return ["accounts:" + group] if change.key.startswith("user:") and group in coming else []


STEPS = Planner({ENSURE: Order(), REMOVE: Order(after=("services.run", "files.place", "packages.change"))}, steps)
