# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.filter import refusals

FILTER = refusals.FilterModule().filters()["refusals"]


def test_options_of_a_role_are_checked_under_their_own_names():
    assert FILTER({"twin_vcpus": 0, "twin_memory_mib": "2048", "vcpus": 0}, "twin") == ["twin_vcpus is 0, but it must be from 1 to 255."]


def test_an_old_ansible_core_is_the_only_thing_said(monkeypatch):
    monkeypatch.setattr(refusals, "__version__", "2.14.18")
    assert [each.partition(":")[0] for each in FILTER({"twin_vcpus": 0}, "twin")] == [
        "The collection safetytwin.twin needs ansible-core 2.16 or newer, and this is 2.14.18"
    ]
