# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._twin.steps import Step, carry_out


def test_steps_run_in_order_or_are_only_described():
    done = []
    steps = [Step("make a", lambda: done.append("a")), Step("make b", lambda: done.append("b"))]
    assert carry_out(steps, dry=True) == ["make a", "make b"]
    assert done == []
    assert carry_out(steps, dry=False) == ["make a", "make b"]
    assert done == ["a", "b"]
    assert carry_out([], dry=False) == []
