# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs host, hypervisor and controller on one machine for ten minutes, with a twin of this machine."""
from __future__ import annotations

# The changes of the test that is left out are made again and again in these ten minutes.
COMMAND = ["-m", "pytest", "--verbose", "-k", "not changes_arrive", "tests/integration/allinone"]
ENVIRONMENT = {"SAFETYTWIN_SOAK": "600"}
USUAL = 20  # minutes
