# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the stamps of all paths without opening a file."""

from __future__ import annotations

from typing import Any

from ..context import Context, stamp_of
from . import walk


def look(context: Context) -> dict[str, Any]:
    """{path: stamp, or the reason why it could not be read}."""
    return {path: stamp_of(info) if info else reason for path, info, reason in walk.paths(context)}
