# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy of the scope accounts: accounts that the twin does not copy."""

from __future__ import annotations

from ..parts import Policy

# If a host is its own hypervisor, its twin does not get the software that runs virtual machines.
MACHINERY = ("*:libvirt*", "*:swtpm", "*:tss")

POLICY = Policy(machinery=MACHINERY, image_extras=True)
