# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of a change to a twin's machine: a description and an action each."""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple


class Step(NamedTuple):
    """One thing to do, as a sentence for people and as the function that does it."""

    description: str
    act: Callable[[], Any]


def carry_out(steps: Iterable[Step], dry: bool) -> list[str]:
    """Run the steps in order, unless dry, and return their sentences."""
    for step in steps:
        if not dry:
            step.act()
    return [step.description for step in steps]
