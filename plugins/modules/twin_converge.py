# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_converge
short_description: Make a twin what its host is
version_added: "0.1.0"
description:
  - Takes a harvest into the store of the hypervisor, works out what the twin should be and what differs, applies the whole plan in one call in
    the twin, reads back what it touched, and records the result as a verified revision.
  - Nothing is done in a twin that is already right.
  - It changes only the twin of O(host), and only after the guest has proved that it is that twin.
extends_documentation_fragment:
  - safetytwin.twin.record
options:
  harvest:
    description: Path, on the controller, of the document that M(safetytwin.twin.host_state_info) left; without it the recorded state is used.
    type: path
  scopes:
    description: Converge these scopes only; all when left out. A name that is no converged scope is refused with the names that are.
    type: list
    elements: str
  audit:
    description: Read the whole twin first, however short ago that was done.
    type: bool
    default: false
  audit_interval:
    description: Seconds after which the whole twin is read again by itself.
    type: int
    default: 600
  drift:
    description:
      - What to do where an audit finds that the twin was changed from within.
      - V(correct) makes it what the host is; V(report) leaves it and says so; V(pause) stops following until O(resume).
    type: str
    choices: [correct, report, pause]
    default: correct
  resume:
    description: Follow again if the twin is paused.
    type: bool
    default: false
  roots:
    description: The O(roots) that the host was read with; the twin is read with the same.
    type: list
    elements: path
    default: []
  exclude:
    description: The O(exclude) that the host was read with; the twin is read with the same.
    type: list
    elements: str
    default: []
  vcpus:
    description: The most virtual CPUs a twin is given.
    type: int
    default: 2
  memory_mib:
    description: The most memory a twin is given, in MiB.
    type: int
    default: 2048
  patience:
    description: Seconds to wait for a twin that boots.
    type: int
    default: 600
attributes:
  check_mode:
    support: full
    description: The plan of the real run, made from the twin as that would read it; nothing is written anywhere, and no twin is started.
  diff_mode:
    support: full
    description: The fields of each item that differ, before and after.
author: SafetyTwin contributors (@safetytwin)
seealso:
  - module: safetytwin.twin.host_state_info
  - module: safetytwin.twin.libvirt_twin
"""

EXAMPLES = r"""
- name: Read the host
  safetytwin.twin.host_state_info:
  become: true
  register: state

- name: Make the twin the same
  safetytwin.twin.twin_converge:
    host: "{{ inventory_hostname }}"
    harvest: "{{ state.document }}"
  delegate_to: hypervisor1
  become: true

- name: See what would change in the services alone
  safetytwin.twin.twin_converge:
    host: "{{ inventory_hostname }}"
    scopes: [services]
  delegate_to: hypervisor1
  become: true
  check_mode: true
  diff: true
"""

RETURN = r"""
twin:
  description: V(following), V(paused), or V(absent) when there is no domain yet; then RV(facts) names what a base image is built of.
  returned: success
  type: str
line:
  description: The cycle in one line.
  returned: success
  type: str
busy:
  description: Whether another sync holds this twin; nothing was done then.
  returned: success
  type: bool
revision:
  description: Number of the recorded state of the host.
  returned: when not busy
  type: int
changes:
  description: The first 50 steps, each with scope, key, verb, because, before and after.
  returned: when not busy
  type: list
  elements: dict
counts:
  description: Steps per scope.
  returned: when not busy
  type: dict
failures:
  description: A sentence for each step that failed.
  returned: when not busy
  type: list
  elements: str
drift:
  description: Items that were changed from within the twin since it was last verified, as C(SCOPE KEY).
  returned: when not busy
  type: list
  elements: str
fidelity:
  description: Per scope, numbers of items reproduced, degraded and impossible, and the percentages over all.
  returned: when not busy
  type: dict
seconds:
  description: Seconds per stage and in total, from the start of the harvest.
  returned: when not busy
  type: dict
facts:
  description: Path, on the hypervisor, of the facts that M(safetytwin.twin.twin_image) builds of.
  returned: when RV(twin) is V(absent)
  type: str
machine_id:
  description: Machine-id of the host.
  returned: when RV(twin) is V(absent)
  type: str
message:
  description: A sentence on anything out of the ordinary.
  returned: when not busy
  type: str
"""
