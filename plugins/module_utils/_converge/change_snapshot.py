# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts of packages did besides: two looks at the twin, cheap ones, and what is not the same in both.

A look is the stamp of each path and systemd's line of each unit, nothing that has to be opened or asked for one by one. Reading the
whole twin again instead takes ten times as long, nearly all of it systemd telling of units that nobody touched.
"""

from __future__ import annotations

from .._base.codec import text
from .._base.run import check
from .._scopes.context import TWIN, Context, stamp_of
from .._scopes.files import walk

LIST_UNITS = ["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager"]


def look(roots=(), exclude=()):
    """{(scope, key): what it looks like} of the files and the loaded units that a harvest would read."""
    seen = {("files", path): stamp_of(info) if info else reason for path, info, reason in walk.paths(Context(TWIN, roots, exclude))}
    for line in text(check(LIST_UNITS, "Listing units")).splitlines():
        unit, _blank, state = line.strip().partition(" ")
        seen[("services", unit)] = state.split()[:3]
    return seen


def differing(before, after):
    """The (scope, key) that two looks do not agree on, sorted."""
    return sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
