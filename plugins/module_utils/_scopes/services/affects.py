# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds running units that do not listen where their host's do."""

from __future__ import annotations

from typing import Iterable

from ..model import Change
from ..parts import Readers


def reached(change: Change, readers: Readers) -> Iterable[tuple[str, str]]:
    """Pairs (unit, verb) of a unit that runs and listens elsewhere. A reload may do; the applier compares and restarts where it does not."""
    return readers.named([change.key]) if "listens" in change.fields else ()
