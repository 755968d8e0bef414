# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_state_info
short_description: Read the whole state of a host in one round trip
version_added: "0.1.0"
description:
  - Reads all scopes of a host (hardware, packages, accounts, files, services, containers), leaves secrets out, and keeps the result as a file on
    the controller, because a state is too large for host variables.
  - Given the digest of a state that is already known, only what differs from it is carried.
  - Reads only. On the host it writes at most its own programs below C(/var/lib/safetytwin) and its cache below C(/run/safetytwin).
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
options:
  base:
    description: Digest of the state already known. When the host still remembers that state, only differences are carried.
    type: str
  want:
    description: Digests of file contents to send along although they did not change.
    type: list
    elements: str
    default: []
  scopes:
    description: Scopes to read; all when left out. A name that is no scope is refused with the names that are.
    type: list
    elements: str
  roots:
    description: Directories to read besides C(/etc), C(/usr/local), C(/opt) and the directories of unit files.
    type: list
    elements: path
    default: []
  exclude:
    description: >-
      Patterns of paths to leave out; V(*) matches within a part of a path, V(**) across parts. What is left out is reported with the reason
      C(excluded).
    type: list
    elements: str
    default: []
  telemetry:
    description: Also read processes and load, which are in no state.
    type: bool
    default: false
notes:
  - Needs root on the host, so that every file can be read.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read everything
  safetytwin.twin.host_state_info:
  become: true
  register: state

- name: Read what differs from a known state
  safetytwin.twin.host_state_info:
    base: "{{ state.digest }}"
  become: true
  register: later

- name: Say whether something changed
  ansible.builtin.debug:
    msg: "{{ 'changed' if later.differs else 'the same' }}"
"""

RETURN = r"""
digest:
  description: SHA-256 of the desired fields of all scopes. Two reads of an idle host have the same.
  returned: success
  type: str
differs:
  description: Whether the state differs from O(base), or contents were asked for and sent.
  returned: success
  type: bool
document:
  description: Path of the document on the controller. Ansible removes it at the end of the run.
  returned: success
  type: str
machine:
  description: machine_id, boot_id, hostname, architecture, product_uuid and distribution of the host.
  returned: success
  type: dict
scopes:
  description: Per scope that was carried, its status (ok, empty, failed), a note, and the numbers of items, removed and excluded items.
  returned: success
  type: dict
seconds:
  description: Seconds each scope took on the host.
  returned: success
  type: dict
"""
