# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One matcher for patterns of paths and names.

Patterns: `?` one character and `*` any run of characters within a path part, `**` across parts, `**/` at the beginning any
directory, `/**` at the end the directory itself and everything below it. Nothing else is special; patterns match whole texts.
"""

from __future__ import annotations

import functools
import re
from typing import Pattern

_TOKENS = re.compile(r"(/\*\*\Z)|(\*\*/)|(\*\*)|(\*)|(\?)|([^*?]+)", re.DOTALL)
_MEANING = {1: "(?:/.*)?", 2: "(?:[^/]*/)*", 3: ".*", 4: "[^/]*", 5: "[^/]"}


def regex(pattern: str) -> str:
    """The pattern as the source of a regular expression (for re.DOTALL)."""
    # The literal run stops before a trailing "/**", whose slash belongs to it.
    head, tail = (pattern[:-3], _MEANING[1]) if pattern.endswith("/**") else (pattern, "")
    parts = (_MEANING.get(found.lastindex or 0) or re.escape(found.group()) for found in _TOKENS.finditer(head))
    return "".join(parts) + tail


@functools.lru_cache(maxsize=None)
def any_of(patterns: tuple[str, ...]) -> Pattern[str]:
    """The compiled regular expression of a tuple of patterns."""
    # Patterns with a common beginning share it, so that a path with another beginning fails at once.
    branches, rest = [], list(patterns)
    for head in ("/etc/", "**/", ""):
        tails = [pattern[len(head):] for pattern in rest if pattern.startswith(head)]
        rest = [pattern for pattern in rest if not pattern.startswith(head)]
        if tails:
            branches.append("%s(?:%s)" % (regex(head), "|".join(map(regex, tails))))
    return re.compile("|".join(branches), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """True if the whole text matches the pattern."""
    return any_of((pattern,)).fullmatch(text) is not None


def matches_any(patterns: tuple[str, ...], text: str) -> bool:
    """True if the whole text matches one of the patterns (a tuple)."""
    return bool(patterns) and any_of(patterns).fullmatch(text) is not None
