# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """What every module that talks to libvirt shares."""

    DOCUMENTATION = r"""
options:
  uri:
    description: Libvirt URI of the hypervisor, as seen from the machine that runs the module. For a remote hypervisor, run the module there.
    type: str
    default: qemu:///system
requirements:
  - libvirt with QEMU on the machine the module runs on
  - libvirt-python (package python3-libvirt) there; without it the module uses C(/usr/bin/python3) if that has it
notes:
  - Runs on the hypervisor, as root or as a member of the group C(libvirt). Creating and removing twins and merging their layers needs root.
  - The module finds twins by the metadata in their domains, never by name. It does not change a domain without this metadata.
"""
