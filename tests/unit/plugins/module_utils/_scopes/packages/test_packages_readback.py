# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages.readback import READBACK


def test_scripts_of_packages_may_change_anything():
    assert READBACK.runs_scripts
    assert set(READBACK.whole) == {"accounts", "packages"}
    assert list(READBACK.also("nginx:amd64")) == []
