# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of files: parents are created before children and removed after them; owners and packages come first."""

from __future__ import annotations

from ..model import Change, Items
from ..parts import Order, PlanContext, Planner, Step, step_of, why

PLACE = "files.place"
RANK = {"dir": 0, "file": 1, "link": 2}


def steps(context: PlanContext) -> list[Step]:
    """Removals, then directories, files and links."""
    changes = [change for change in context.changes if change.scope == "files"]
    going = sorted((change for change in changes if change.want is None), key=lambda change: (-change.key.count("/"), change.key))
    coming = sorted((change for change in changes if change.want is not None), key=_place)
    items = context.desired["files"]["items"] if "files" in context.desired else {}
    packages = {name.partition(":")[0]: step_id for step_id, step in context.earlier.items() for name in [step["key"]] if step["scope"] == "packages"}
    directories = {change.key for change in coming if (change.want or {})["type"] == "dir"}
    made = [step_of(change, PLACE, "remove", why(change)) for change in going]
    return made + [step_of(change, PLACE, "ensure", why(change), _requires(change, items, context.earlier, packages, directories)) for change in coming]


def _place(change: Change) -> tuple[int, str]:
    return RANK.get((change.want or {})["type"], len(RANK)), change.key


def _requires(change: Change, items: Items, earlier: dict[str, Step], packages: dict[str, str], directories: set[str]) -> list[str]:
    """Steps that a file requires: its directory, its owner and group, and the package whose file contains its content."""
    want, item = change.want or {}, items.get(change.key, {})
    needed = ["accounts:user:%s" % want.get("owner"), "accounts:group:%s" % want.get("group")]
    if item.get("pristine") and item.get("package") in packages:
        needed.append(packages[item["package"]])
    parent = change.key.rpartition("/")[0]
    while parent and parent not in directories:
        parent = parent.rpartition("/")[0]
    return [step_id for step_id in needed if step_id in earlier] + (["files:" + parent] if parent else [])


STEPS = Planner({PLACE: Order(after=("accounts.ensure", "packages.change", "services.stop"))}, steps)
