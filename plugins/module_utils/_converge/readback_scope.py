# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the items that a plan can have changed and that must be read back."""

from __future__ import annotations

import collections
from typing import Iterable, Sequence

from .._scopes.parts import Readback, Step
from .._scopes.registry_parts import readbacks

_PLAIN = Readback()


def touched(steps: Sequence[Step], seen: Iterable[tuple[str, str]] = ()) -> dict[str, list[str] | None]:
    """The items to read back: {scope: sorted keys, or None for the whole scope}.

    They are the items of the steps, the pairs (scope, key) in seen, and the items that either affects.
    """
    known = readbacks()
    keys: collections.defaultdict[str, set[str]] = collections.defaultdict(set)
    for scope, key in [(step["scope"], step["key"]) for step in steps] + list(seen):
        if key:
            keys[scope].add(key)
        for other, affected in known.get(scope, _PLAIN).also(key):
            keys[other].add(affected)
    found: dict[str, list[str] | None] = {scope: sorted(names) for scope, names in keys.items()}
    for scope in {step["scope"] for step in steps}:
        found.update(dict.fromkeys(known.get(scope, _PLAIN).whole))
    return found


def runs_scripts(steps: Iterable[Step]) -> bool:
    """Whether applying the steps runs programs that may change any item, such as the scripts of packages."""
    known = readbacks()
    return any(known.get(scope, _PLAIN).runs_scripts for scope in {step["scope"] for step in steps})
