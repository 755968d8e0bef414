# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error types of the collection. Each error is one sentence that names what failed and what to do."""
from __future__ import annotations


class TwinError(Exception):
    """A sentence for the user: what failed, on which item, what to do next."""


class Refused(TwinError):
    """The collection refuses to act: wrong machine, foreign object, or wrong identity."""


class Busy(TwinError):
    """Another run holds the twin; trying again later is right."""


class Unreachable(TwinError):
    """The twin went away while it was being spoken to."""
