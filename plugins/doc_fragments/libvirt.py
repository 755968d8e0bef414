# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module that talks to libvirt shares."""

    DOCUMENTATION = r"""
options:
  uri:
    description: The hypervisor's libvirt, as seen from the machine the module runs on. Remote hypervisors are reached by running the module there.
    type: str
    default: qemu:///system
requirements:
  - libvirt with QEMU on the machine the module runs on
  - python3-libvirt there; a system Python that has it is found by itself
notes:
  - Runs on the hypervisor, as root or as a member of the group C(libvirt). Making and removing twins and merging their layers needs root.
  - Twins are found by metadata in their domains, never by name. A domain that lacks it is not touched.
"""
