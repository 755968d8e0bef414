# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy of hardware: only sizes and counts that a twin can be given are desired."""

from __future__ import annotations

from ..model import Item, Scopes
from ..parts import Policy, TwinRules

MEBIBYTE = 1 << 20
# A guest sees less memory than its machine has, because kernel and firmware reserve some.
MEMORY_TOLERANCE = 1 / 8
# Why hardware may differ, by kind of item.
REASONS = {
    "cpu": "hardware_capped",
    "memory": "hardware_capped",
    "disk": "hardware_absent",
    "nic": "hardware_absent",
    "filesystem": "twin_substrate",
    "firmware": "twin_substrate",
    "virtualization": "twin_substrate",
    "kernel": "twin_substrate",
    "distribution": "twin_substrate",
}


def _adjust(key: str, item: Item, _host: Scopes, rules: TwinRules) -> tuple[Item | None, str | None]:
    caps, reason = rules["caps"], REASONS[key.partition(":")[0]]
    if key == "cpu":
        return dict(item, count=min(item["count"], caps["vcpus"])), reason
    if key == "memory":
        return dict(item, bytes=min(item["bytes"], caps["memory_mib"] * MEBIBYTE)), reason
    return None, reason


def _close_enough(key: str, have: Item, want: Item) -> bool:
    return key == "memory" and abs(have["bytes"] - want["bytes"]) <= MEMORY_TOLERANCE * float(want["bytes"])


POLICY = Policy(adjust=_adjust, close_enough=_close_enough)
