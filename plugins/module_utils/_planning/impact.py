# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds running units that must restart or reload because of the changes of a plan, and units whose configuration is missing."""

from __future__ import annotations

from typing import Iterable

from .._scopes.model import Change, Scopes
from .._scopes.parts import Reach
from .._scopes.registry_parts import affecting, readbacks
from .._scopes.services.readers import RESTART, UnitReaders


def dependents(changes: list[Change], desired_scopes: Scopes, actual_scopes: Scopes) -> dict[str, Reach]:
    """{unit: Reach} of the units that changes affect, according to affects.py of each scope.

    Only units that are to be active and are. Whether a changed package's daemons restart is left to the package's own scripts.
    """
    readers, known = UnitReaders(desired_scopes, actual_scopes), affecting()
    found: dict[str, Reach] = {}
    for change in changes:
        for unit, verb in known[change.scope](change, readers) if change.scope in known else ():
            _add(found, unit, verb, ["%s:%s" % (change.scope, change.key)])
    for unit in [unit for unit in found if unit.endswith(".socket") and found[unit]["verb"] == RESTART]:
        # systemd cannot open a socket again while its service runs.
        for service in readers.behind(unit):
            _add(found, service, RESTART, found[unit]["because"])
    return found


def without(paths: Iterable[str], host_scopes: Scopes) -> dict[str, list[str]]:
    """{unit: those of the paths that it reads} of the host's running units: what is missing in the twin where these files are."""
    readers, reached = UnitReaders(host_scopes, host_scopes), affecting()["files"]
    found: dict[str, list[str]] = {}
    for path in paths:
        units = {unit for unit, _verb in reached(Change("files", path, None, {"type": "file"}, ("digest",)), readers)}
        units |= {key for scope, key in readbacks()["files"].also(path) if scope == "services" and key in readers.units}
        for unit in units:
            found.setdefault(unit, []).append(path)
    return found


def needs(paths: list[str]) -> str:
    """The reason of a unit that does without files of its host."""
    more = " and %d more" % (len(paths) - 1) if len(paths) > 1 else ""
    return "needs_excluded: %s%s" % (paths[0], more)


def _add(found: dict[str, Reach], unit: str, verb: str, because: list[str]) -> None:
    entry = found.setdefault(unit, {"verb": verb, "because": []})
    entry["because"] += because
    if verb == RESTART:
        entry["verb"] = RESTART
