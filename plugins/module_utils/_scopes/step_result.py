# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Result of one step."""

from __future__ import annotations

from typing import NamedTuple, TypedDict


class Done(NamedTuple):
    """changed: something was written or told. failed: None or a sentence, which may begin with `CODE:` of _base/reasons. blocks: the steps that
    require this one cannot go on."""

    changed: bool
    failed: str | None
    blocks: bool = False


class Result(TypedDict):
    """The result of a step in the reply of _apply."""

    id: str
    changed: bool
    failed: str | None


UNCHANGED = Done(False, None)
CHANGED = Done(True, None)


def failed(sentence: object, changed: bool = False) -> Done:
    """The Done of a step that failed; sentence is its cause. changed: it had changed something before it failed."""
    return Done(changed, str(sentence), blocks=True)
