# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sanity tests of ansible-test and all unit tests, on each supported ansible-core whose Python is on this machine."""
from __future__ import annotations

COMMAND = ["-m", "pytest", "--verbose", "tests/matrix"]
ENVIRONMENT: dict[str, str] = {}
USUAL = 15  # minutes
