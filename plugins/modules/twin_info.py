# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin with the same name."""
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_info
short_description: Read the record of a host's twin
version_added: "0.1.0"
description:
  - Reads the record of a twin and its domain on the hypervisor. It does not log in to the twin and writes nothing.
extends_documentation_fragment:
  - safetytwin.twin.record
  - safetytwin.twin.attributes.reads
options:
  audit_interval:
    description: Seconds after which a cycle has to read the whole twin, from 0 to 31536000.
    type: int
    default: 600
  growth:
    description: Whether to count what grows on the hypervisor, such as revisions, package files and images. That takes longer than the rest.
    type: bool
    default: false
author: SafetyTwin contributors (@safetytwin)
seealso:
  - module: safetytwin.twin.twin_converge
  - module: safetytwin.twin.libvirt_twin_info
"""

EXAMPLES = r"""
- name: Read the record of this host's twin
  safetytwin.twin.twin_info:
    host: "{{ inventory_hostname }}"
  delegate_to: hypervisor1
  become: true
  register: known

- name: Show which files the twin does not have and why, with a JMESPath query
  ansible.builtin.debug:
    msg: "{{ known.twin | community.general.json_query(query) }}"
  vars:
    query: "fidelity.exceptions[?scope == 'files'].{path: key, why: sentence}"
"""

RETURN = r"""
twin:
  description: The record of the twin and its domain.
  returned: success
  type: dict
  contains:
    known:
      description: Whether this hypervisor has a record of the host.
      type: bool
      sample: true
    host:
      description: Inventory name of the host. Absent for a new host, like RV(twin.machine_id), RV(twin.follows), RV(twin.applying), RV(twin.units),
        RV(twin.seen) and RV(twin.settled).
      type: str
      sample: web1
    machine_id:
      description: Machine-id of the host.
      type: str
      sample: 3d1219c7c4c5404aaa1f6d2a48adfda4
    follows:
      description: Whether syncs of the host bring this twin to the host's state.
      type: bool
      sample: true
    applying:
      description: Whether a cycle has begun to change the twin and has not ended. The next cycle reads the whole twin.
      type: bool
      sample: false
    units:
      description: Units that an interrupted cycle still has to restart or reload.
      type: list
      elements: list
      sample: [["nginx.service", "reload"]]
    seen:
      description: Whether the twin has been read.
      type: bool
      sample: true
    settled:
      description: Whether the twin is known to have the newest recorded state of its host.
      type: bool
      sample: true
    revisions:
      description: The newest recorded states of the host, each with C(number), C(at) (in seconds since 1970), C(digest) and C(outcome) of the cycle, which
        is null until the cycle has ended.
      type: list
      elements: dict
      sample:
        [{"number": 1, "at": 1795574780.33, "digest": "aba2241962cfa05ea810e90a9d80570ec180d8f2dc45739e3fbf40d27220d300", "outcome": null}]
    digest:
      description: Digest of the newest recorded state of the host. The next read of the host uses it as its base. Null for a new host.
      type: str
      sample: aba2241962cfa05ea810e90a9d80570ec180d8f2dc45739e3fbf40d27220d300
    revision:
      description: Number of that state.
      type: int
      sample: 18
    twins:
      description: Ids of all twins of the host that this hypervisor has a record of.
      type: list
      elements: str
      sample: [twin-web1]
    due:
      description: >-
        Reasons for a cycle even if the host has not changed, each with C(code), C(sentence) and C(whole) (whether the cycle reads the whole twin
        first). Empty if no cycle is needed.
      type: list
      elements: dict
      sample: [{"code": "audit", "sentence": "The audit is due.", "whole": true}]
    touched:
      description: The C(touched) of the twin's domain when a sync last read the whole twin.
      type: int
      sample: 2
    boots:
      description: Seconds that the last boots of the twin took.
      type: list
      elements: float
      sample: [41.5, 38.0]
    resets:
      description: How often the twin was reset since it last answered.
      type: int
      sample: 0
    lost:
      description: Whether the last sync ended because the twin ran but did not answer.
      type: bool
      sample: false
    rebooted:
      description: Whether the twin may have rebooted since the last cycle.
      type: bool
      sample: false
    paused:
      description: Reason of the pause. Empty if the twin follows its host.
      type: str
      sample: ""
    audited:
      description: Time when the whole twin was last read, in seconds since 1970.
      type: float
      sample: 1795574780.33
    verified:
      description: Time when the last change was verified in the twin, in seconds since 1970.
      type: float
      sample: 1795574901.2
    refused:
      description: What of the last read of the host breaks a rule of the state format, one sentence for each item, scope or content.
      type: list
      elements: str
      sample: ["files /opt/a is refused: it has a mode that is not four octal digits."]
    fidelity:
      description: The last fidelity report. C(pending) lists digests of contents that the host still has to send.
      type: dict
      sample:
        {"scopes": {"files": {"items": 515, "reproduced": 510, "degraded": 0, "impossible": 5}}, "exceptions": [{"scope": "files",
        "key": "/etc/default/shop-token", "reason": "secret_excluded", "sentence": "It holds a secret, and secrets do not leave the host.", "fields": {}}],
        "percent_reproduced": 99.03, "percent_explained": 100.0, "pending": []}
    growth:
      description: What grows on the hypervisor for all its twins; empty unless O(growth).
      type: list
      elements: dict
      contains:
        name:
          description: What is counted.
          type: str
          sample: package files
        count:
          description: How many of them are kept.
          type: int
          sample: 290
        bytes:
          description: What they take on disk.
          type: int
          sample: 176713728
        bound:
          description: To what they are pruned at the end of a cycle that changed something.
          type: str
          sample: 4 GiB
    domain:
      description: What M(safetytwin.twin.libvirt_twin_info) returns for the twin, without C(layers) and C(bytes). Null if the domain does not exist.
      type: dict
      sample:
        {"domain": "twin-web1", "twin": "twin-web1", "host": "web1", "state": "running", "address": "10.62.22.21", "address_source": "fixed",
        "port": 62022, "vcpus": 2, "memory": 2048}
"""
