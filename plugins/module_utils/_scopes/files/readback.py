# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names what to read again after a file was written: the unit that the file belongs to."""

from __future__ import annotations

import re

from ..parts import Readback

# A unit's own file, a file in one of its drop-in directories, or a link that enables it.
_UNIT_FILE = re.compile(
    r"(?:/etc|/run|/lib|/usr/lib|/usr/local/lib)/systemd/system/"
    r"(?:(?P<dropin>[^/]+)\.d/[^/]+|(?:[^/]+\.(?:wants|requires|upholds)/)?(?P<unit>[^/]+))"
)


def _also(key: str) -> list[tuple[str, str]]:
    found = _UNIT_FILE.fullmatch(key)
    unit = found and (found.group("dropin") or found.group("unit"))
    return [("services", unit)] if unit and "." in unit else []


READBACK = Readback(also=_also)
