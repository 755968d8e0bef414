# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy leaves out of the scope accounts."""

from __future__ import annotations

from ..parts import Policy

# Nothing of what makes virtual machines belongs into the twin of the machine that runs it: left out where a host is its own hypervisor.
MACHINERY = ("*:libvirt*", "*:swtpm", "*:tss")

POLICY = Policy(machinery=MACHINERY, image_extras=True)
