# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of which `make test` has a sample: syncs killed at more points, twins lost and changed in more ways."""
from __future__ import annotations

COMMAND = ["-m", "pytest", "--verbose", "-m", "exhaustive", "tests/integration/twin", "tests/integration/untidy"]
ENVIRONMENT: dict[str, str] = {}
USUAL = 20  # minutes
