# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes the telemetry processes, which are not part of a state."""

from __future__ import annotations

TELEMETRY = "Processes grouped by what owns them."
