# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a machine: one file a scope, each `collect(context) -> body of the scope`, and what they share. _registry.py is generated."""

from __future__ import annotations
