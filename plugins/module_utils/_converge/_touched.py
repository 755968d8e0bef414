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


def touched(steps):
    """{scope: sorted keys} of the plan's items and of the units whose files it names."""
    keys = collections.defaultdict(set)
    for step in steps:
        if step["key"]:
            keys[step["scope"]].add(step["key"])
        found = _UNIT_FILE.fullmatch(step["key"]) if step["scope"] == "files" else None
        if found:
            unit = found.group("dropin") or found.group("unit")
            if "." in unit:
                keys["services"].add(unit)
    return {scope: sorted(found) for scope, found in keys.items()}
