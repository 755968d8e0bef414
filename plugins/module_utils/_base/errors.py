# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's errors: one sentence that names what failed and what to do."""
from __future__ import annotations


class TwinError(Exception):
    """What failed, on which item, what to do next; shown to the user as it is."""


class Refused(TwinError):
    """Something was not done on purpose: wrong machine, foreign object, identity mismatch."""


class Busy(TwinError):
    """Another run holds the twin; trying again later is right."""
