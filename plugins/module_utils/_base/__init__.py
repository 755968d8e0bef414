# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everybody uses and what knows nothing of twins: errors, reasons, encoding, running programs, facts about this machine."""

from __future__ import annotations
