# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Effects in the twin: one file a phase, each ensuring its steps in one batch.

A phase is `apply(steps, spool) -> {step id: Done}`. Every step looks first, changes only what differs, and fails alone.
"""

from __future__ import annotations
