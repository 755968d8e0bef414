# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be read again after packages came or went: their scripts may change anything, and write to these scopes often."""

from __future__ import annotations

from ..parts import Readback

READBACK = Readback(runs_scripts=True, whole=("accounts", "packages"))
