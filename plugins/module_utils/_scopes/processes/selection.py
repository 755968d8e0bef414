# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes somebody asks for. Pure."""
from __future__ import annotations

import fnmatch
from typing import Any, Iterable, Mapping


class Selection:
    """Processes by patterns of names, users and units, and by whether they listen; what is not given selects all.

    A process is selected if it matches one pattern of each list that is given.
    """

    def __init__(self, names: Iterable[str] = (), users: Iterable[str] = (), units: Iterable[str] = (), listening: bool = False) -> None:
        self._patterns = {"names": tuple(names), "users": tuple(users), "units": tuple(units)}
        self._matched: set[tuple[str, str]] = set()
        self._listening = listening

    def takes(self, row: Mapping[str, Any], owner: str) -> bool:
        """Whether a process is selected; owner as in collect.grouped."""
        values = {"names": row["name"] or "", "users": row["username"] or "", "units": owner[len("unit:"):] if owner.startswith("unit:") else ""}
        fits = [self._fits(option, value) for option, value in values.items()]
        return all(fits) and (bool(row["listening"]) or not self._listening)

    def _fits(self, option: str, value: str) -> bool:
        found = [pattern for pattern in self._patterns[option] if fnmatch.fnmatchcase(value, pattern)]
        self._matched.update((option, pattern) for pattern in found)
        return bool(found) or not self._patterns[option]

    def unmatched(self) -> list[str]:
        """`OPTION PATTERN` of each pattern that no process had."""
        return ["%s %s" % (option, pattern) for option, given in self._patterns.items() for pattern in given if (option, pattern) not in self._matched]
