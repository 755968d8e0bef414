# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when package files that could not be fetched are tried again before the next audit. Pure."""
from __future__ import annotations

from typing import Sequence

from .._base.reasons import code_of
from .._scopes.model import AllGivenUp
from .._scopes.parts import Step

# Reasons that end when a repository answers again; nothing on the host or in the twin tells when.
CODES = ("package_not_fetched", "repository_unreadable")
WAIT = 60.0  # seconds, at least
SHARE = 20.0  # times as long as the last try took: a repository that is silent until a timeout slows no more than this part of the cycles
LONGEST = 3600.0


def retry_at(given_up: AllGivenUp, steps: Sequence[Step], before: float, now: float, spent: float) -> float:
    """When items that were given up for one of CODES are tried again, in seconds since 1970; 0 if there are none.

    steps: what this cycle tried; before: the time that was set before it; spent: seconds that it took to fetch.
    """
    waiting = {(scope, key) for scope, keys in given_up.items() for key, row in keys.items() if code_of(row["reason"]) in CODES}
    if not waiting:
        return 0.0
    tried = any((step["scope"], step["key"]) in waiting for step in steps)
    return before if before and not tried else now + min(LONGEST, max(WAIT, SHARE * spent))


def is_due(at: float, now: float) -> bool:
    """Whether it is time; also if a clock that was ahead set a time that is too far away."""
    return at > 0 and not now < at <= now + LONGEST
