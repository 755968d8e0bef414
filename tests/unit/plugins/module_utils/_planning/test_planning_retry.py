# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.retry import is_due, retry_at

NOW = 1_700_000_000.0


def waiting(reason):
    return {"packages": {"shop:all": {"want": "digest", "reason": reason}}}


TRIED = [{"scope": "packages", "key": "shop:all"}]
OTHER = [{"scope": "files", "key": "shop:all"}]


@pytest.mark.parametrize(("given_up", "steps", "before", "spent", "expected"), [
    ({}, [], 0, 0, 0),
    (waiting("package_version_gone: 2 is the nearest"), TRIED, NOW, 1, 0),
    (waiting("package_not_fetched: why"), TRIED, 0, 0.5, NOW + 60),
    (waiting("repository_unreadable: why"), TRIED, NOW - 1, 15, NOW + 300),
    (waiting("repository_unreadable: why"), TRIED, NOW - 1, 600, NOW + 3600),
    (waiting("repository_unreadable: why"), OTHER, NOW + 7, 1, NOW + 7),
    (waiting("repository_unreadable: why"), OTHER, 0, 1, NOW + 60),
])
def test_a_try_that_took_long_is_repeated_later(given_up, steps, before, spent, expected):
    assert retry_at(given_up, steps, before, NOW, spent) == expected


@pytest.mark.parametrize(("at", "due"), [(0, False), (NOW - 1, True), (NOW, True), (NOW + 60, False), (NOW + 3601, True)])
def test_a_time_that_is_too_far_away_is_due(at, due):
    assert is_due(at, NOW) is due
