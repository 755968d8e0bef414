# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module shares that works with a hypervisor's record of a host."""

    DOCUMENTATION = r"""
options:
  host:
    description: Inventory name of the mirrored host.
    type: str
    required: true
  twin:
    description:
      - Id of one of the twins of O(host).
      - Defaults to C(twin-<host>), the id of the twin that follows the host. M(safetytwin.twin.libvirt_twin) says more on ids.
    type: str
notes:
  - Runs on the hypervisor as root, usually with C(delegate_to).
"""
