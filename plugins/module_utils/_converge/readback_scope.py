# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which items a plan can have changed: what has to be read back."""

from __future__ import annotations

import collections
import re

# a unit's own file, a file in one of its drop-in directories, or a link that enables it
_UNIT_FILE = re.compile(
    r"(?:/etc|/run|/lib|/usr/lib|/usr/local/lib)/systemd/system/"
    r"(?:(?P<dropin>[^/]+)\.d/[^/]+|(?:[^/]+\.(?:wants|requires|upholds)/)?(?P<unit>[^/]+))"
)
# Small scopes that packages' scripts write to: read whole.
WHOLE = ("accounts", "packages")


def touched(steps, seen=()):
    """{scope: sorted keys, or None for all of it} of the plan's items, of what was seen to change ([(scope, key)]), and of the units whose
    files are among them."""
    keys = collections.defaultdict(set)
    for scope, key in [(step["scope"], step["key"]) for step in steps] + list(seen):
        if key:
            keys[scope].add(key)
        found = _UNIT_FILE.fullmatch(key) if scope == "files" else None
        if found:
            unit = found.group("dropin") or found.group("unit")
            if "." in unit:
                keys["services"].add(unit)
    wanted = {scope: sorted(found) for scope, found in keys.items()}
    return dict(wanted, **dict.fromkeys(WHOLE)) if installs(steps) else wanted


def installs(steps):
    """True where packages come or go, whose scripts may do anything."""
    return any(step["phase"] == "packages" for step in steps)
