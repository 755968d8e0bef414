# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the scopes to read again after packages were installed or removed, because package scripts change them."""

from __future__ import annotations

from ..parts import Readback

READBACK = Readback(runs_scripts=True, whole=("accounts", "packages"))
