# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin with the same name."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_state_info
short_description: Read the whole state of a host in one round trip
version_added: "0.1.0"
description:
  - Reads all scopes of a host (hardware, packages, accounts, files, services, containers), leaves secrets out, and writes the result to a file on
    the controller, because a state is too large for host variables.
  - If the digest of a known state is given, the host sends only the differences from it.
  - Writes nothing on the host except its own programs in C(/var/lib/safetytwin) and its cache in C(/run/safetytwin).
attributes:
  check_mode:
    support: full
    description: Reads the host as well. Does not write O(dest), but reports whether it would.
  diff_mode:
    support: none
    description: The document is too large to show.
options:
  dest:
    description:
      - File on the controller to write the document to, for its owner only (mode C(0600)). Its directory must exist. If omitted, Ansible removes the
        document at the end of the run.
      - The file is written if it does not hold this state of this host yet. The task is changed then. The same state is not written again, so that
        fields which are not part of the digest, such as process ids, may be older in the file than in the answer of the host.
      - With O(telemetry) the file is written in each run.
    type: path
  base:
    description: Digest of a known state. If the host still has that state in its cache, it sends only the differences.
    type: str
  want:
    description: Digests of file contents to send even if they did not change.
    type: list
    elements: str
    default: []
  scopes:
    description: Scopes to read. If omitted, all scopes are read. A name that is no scope is refused with the names that are.
    type: list
    elements: str
  roots:
    description:
      - Directories to read besides C(/etc), C(/usr/local), C(/opt), C(/usr/share/keyrings) and the directories of unit files.
      - A link is followed if root made it.
    type: list
    elements: path
    default: []
  exclude:
    description: >-
      Patterns of paths to leave out. V(*) matches within one part of a path, V(**) across parts. Each path that is left out is reported with the
      reason C(excluded).
    type: list
    elements: str
    default: []
  telemetry:
    description: Whether to read also processes and load, which are not part of the state.
    type: bool
    default: false
notes:
  - Needs root on the host to read every file.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read everything
  safetytwin.twin.host_state_info:
  become: true
  register: state

- name: Keep the state of each host in a file on the controller
  safetytwin.twin.host_state_info:
    dest: "states/{{ inventory_hostname }}.json"
  become: true

- name: Read the differences from a known state
  safetytwin.twin.host_state_info:
    base: "{{ state.digest }}"
  become: true
  register: later

- name: Show whether something changed
  ansible.builtin.debug:
    msg: "{{ 'changed' if later.differs else 'the same' }}"
"""

RETURN = r"""
digest:
  description: SHA-256 (hexadecimal) of the desired fields of all scopes. Two reads of an idle host return the same digest.
  returned: success
  type: str
  sample: aba2241962cfa05ea810e90a9d80570ec180d8f2dc45739e3fbf40d27220d300
differs:
  description: Whether the state differs from O(base), or the host sent contents of O(want).
  returned: success
  type: bool
  sample: true
document:
  description: Path of the document on the controller, O(dest) if that is given. Otherwise Ansible removes it at the end of the run.
  returned: success
  type: str
  sample: /root/states/web1.json
machine:
  description: C(machine_id), C(boot_id), C(hostname), C(architecture), C(product_uuid) and C(distribution) of the host.
  returned: success
  type: dict
  sample:
    {"machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4", "boot_id": "f2f1916f-7e51-48fd-95cd-1eae90624589", "hostname": "web1",
    "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian GNU/Linux 12 (bookworm)", "like": []},
    "architecture": "x86_64", "product_uuid": ""}
scopes:
  description: For each scope that was sent, its status (V(ok), V(empty) or V(failed)), a note, and the numbers of items, removed items and excluded items.
  returned: success
  type: dict
  sample:
    {"accounts": {"status": "ok", "note": "", "items": 79, "removed": 0, "excluded": 0}, "containers": {"status": "empty",
    "note": "No Docker or Podman runs on this machine.", "items": 0, "removed": 0, "excluded": 0}}
seconds:
  description: Seconds that the host needed per scope.
  returned: success
  type: dict
  sample: {"files": 0.3, "services": 0.2}
"""
