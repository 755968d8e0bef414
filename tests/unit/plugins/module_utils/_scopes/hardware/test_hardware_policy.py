# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.reasons import REASONS
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.hardware import policy
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

RULES = {"substrate": {}, "caps": {"vcpus": 2, "memory_mib": 1024}, "self_host": False}


def adjust(key, item):
    return policy.POLICY.adjust(key, item, {}, RULES)


def test_processors_and_memory_are_capped():
    assert adjust("cpu", {"count": 8, "model": "x"}) == ({"count": 2, "model": "x"}, "hardware_capped")
    assert adjust("cpu", {"count": 1})[0] == {"count": 1}
    assert adjust("memory", {"bytes": 1 << 40})[0] == {"bytes": 1 << 30}
    assert adjust("memory", {"bytes": 1 << 20})[0] == {"bytes": 1 << 20}


def test_all_other_hardware_differs_with_a_reason():
    assert set(policy.REASONS) == set(SCHEMA["hardware"].kinds)
    assert set(policy.REASONS.values()) <= set(REASONS)
    assert adjust("disk:sda", {"bytes": 1}) == (None, "hardware_absent")


@pytest.mark.parametrize(("key", "have", "close"), [("memory", 900, True), ("memory", 1100, True), ("memory", 800, False), ("cpu", 1000, False)])
def test_a_guest_sees_a_little_less_memory(key, have, close):
    assert policy.POLICY.close_enough(key, {"bytes": have}, {"bytes": 1000}) is close
