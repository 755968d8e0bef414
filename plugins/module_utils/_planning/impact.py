# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds running units that must restart or reload because of the changes of a plan."""

from __future__ import annotations

from .._scopes.model import Change, Scopes
from .._scopes.parts import Reach
from .._scopes.registry_parts import affecting
from .._scopes.services.readers import RESTART, UnitReaders


def dependents(changes: list[Change], desired_scopes: Scopes, actual_scopes: Scopes) -> dict[str, Reach]:
    """{unit: Reach} of the units that changes reach, as each scope's affects.py says.

    Only units that are to be active and are. Whether a changed package's daemons restart is left to the package's own scripts.
    """
    readers, known = UnitReaders(desired_scopes, actual_scopes), affecting()
    found: dict[str, Reach] = {}
    for change in changes:
        for unit, verb in known[change.scope](change, readers) if change.scope in known else ():
            _add(found, unit, verb, ["%s:%s" % (change.scope, change.key)])
    for unit in [unit for unit in found if unit.endswith(".socket") and found[unit]["verb"] == RESTART]:
        # A socket cannot be opened anew under a running service.
        for service in readers.behind(unit):
            _add(found, service, RESTART, found[unit]["because"])
    return found


def _add(found: dict[str, Reach], unit: str, verb: str, because: list[str]) -> None:
    entry = found.setdefault(unit, {"verb": verb, "because": []})
    entry["because"] += because
    if verb == RESTART:
        entry["verb"] = RESTART
