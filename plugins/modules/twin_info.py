# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_info
short_description: What a hypervisor knows of a host's twin
version_added: "0.1.0"
description:
  - Reads the record of a twin and its domain on the hypervisor. The twin is not entered, and nothing is written.
extends_documentation_fragment:
  - safetytwin.twin.record
  - safetytwin.twin.attributes.reads
options:
  audit_interval:
    description: Seconds after which the whole twin is due to be read again.
    type: int
    default: 600
author: SafetyTwin contributors (@safetytwin)
seealso:
  - module: safetytwin.twin.twin_converge
  - module: safetytwin.twin.libvirt_twin_info
"""

EXAMPLES = r"""
- name: Ask the hypervisor about this host's twin
  safetytwin.twin.twin_info:
    host: "{{ inventory_hostname }}"
  delegate_to: hypervisor1
  become: true
  register: known
"""

RETURN = r"""
twin:
  description: What is known.
  returned: success
  type: dict
  contains:
    known:
      description: Whether the host has ever been harvested for a twin here.
      type: bool
    digest:
      description: Digest of the newest recorded state of the host; the base of the next harvest. Null for a new host.
      type: str
    revision:
      description: Number of that state.
      type: int
    due:
      description: >-
        Why the twin needs a cycle although its host may not have changed, each with C(code), C(sentence) and C(whole) (whether the whole twin is
        read first); empty when it needs none.
      type: list
      elements: dict
      sample: [{"code": "audit", "sentence": "The audit is due.", "whole": true}]
    rebooted:
      description: Whether the twin may have rebooted since the last cycle.
      type: bool
    paused:
      description: Why the twin does not follow; empty when it does.
      type: str
    audited:
      description: When the whole twin was last read, in seconds since 1970.
      type: float
    verified:
      description: When the twin was last known to equal its host, in seconds since 1970.
      type: float
    fidelity:
      description: The last fidelity report; C(pending) are digests of contents to ask the host for.
      type: dict
    domain:
      description: The twin's domain as M(safetytwin.twin.libvirt_twin_info) describes it; null when there is none.
      type: dict
"""
