# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes from paths, packages and users to the running units that depend on them."""

from __future__ import annotations

import collections
from typing import Iterable

from ..model import Item, Items, Scopes

RESTART, RELOAD = "restart", "reload"
RUN = (".service", ".socket", ".timer", ".path")
# Packages of so many daemons that a file of theirs says nothing about which of them reads it.
BROAD = ("systemd", "udev", "base-files", "init-system-helpers", "util-linux", "dbus")


class UnitReaders:
    """The units that are to run and do; what is started anyway reads everything then."""

    def __init__(self, desired_scopes: Scopes, actual_scopes: Scopes) -> None:
        wanted, present = _items(desired_scopes, "services"), _items(actual_scopes, "services")
        self.files: tuple[Items, Items] = (_items(desired_scopes, "files"), _items(actual_scopes, "files"))
        self.units: Items = {
            unit: item for unit, item in wanted.items()
            if item.get("active") == "active" and present.get(unit, {}).get("active") == "active" and unit.endswith(RUN)
        }
        self.paths: collections.defaultdict[str, dict[str, str]] = collections.defaultdict(dict)
        self.packages: collections.defaultdict[str, dict[str, str]] = collections.defaultdict(dict)
        self.users: collections.defaultdict[str, dict[str, str]] = collections.defaultdict(dict)
        for unit, item in self.units.items():
            self._index(unit, item)
            self._index(unit, present[unit])

    def _index(self, unit: str, item: Item) -> None:
        paths = [item.get("fragment")] + list(item.get("dropins") or ()) + list(item.get("programs") or ())
        for path in paths + [entry["path"] for entry in item.get("environment_files") or ()]:
            if path:
                self.paths[path][unit] = RESTART
        if unit.endswith(".service"):
            if item.get("package") and item["package"] not in BROAD:
                self.packages[item["package"]][unit] = self._verb(unit)
            if item.get("user"):
                self.users[item["user"]][unit] = RESTART

    def _verb(self, unit: str) -> str:
        return RELOAD if self.units[unit].get("can_reload") else RESTART

    def behind(self, socket: str) -> list[str]:
        """Running services that a socket starts."""
        relations = self.units[socket].get("relations") or {}
        names = relations.get("triggers") or [socket[: -len("socket")] + "service"]
        return [name for name in names if name in self.units]

    def named(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs (unit, verb) of those of the named units that run."""
        return [(name, self._verb(name)) for name in names if name in self.units]


def _items(scopes: Scopes, scope: str) -> Items:
    return scopes[scope]["items"] if scope in scopes else {}
