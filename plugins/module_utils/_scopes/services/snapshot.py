# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one line of systemctl for every loaded unit."""

from __future__ import annotations

from typing import Any

from ..._base.codec import text
from ..._base.run import check
from ..context import Context

LIST_UNITS = ["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager"]


def look(_context: Context) -> dict[str, Any]:
    """{unit: [load, active, sub]}."""
    rows = (line.strip().partition(" ") for line in text(check(LIST_UNITS, "Listing units")).splitlines())
    return {unit: state.split()[:3] for unit, _blank, state in rows}
