# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: twin_status
short_description: Format the status of a twin
version_added: "0.1.0"
author:
  - SafetyTwin contributors (@safetytwin)
description:
  - Formats the record of a twin from M(safetytwin.twin.twin_info) and the comparison with its host from M(safetytwin.twin.host_state_info) as text.
options:
  _input:
    description: The RV(safetytwin.twin.twin_info#module:twin) of M(safetytwin.twin.twin_info).
    type: dict
    required: true
  host:
    description: Inventory name of the host.
    type: str
    required: true
  harvest:
    description: Result of M(safetytwin.twin.host_state_info) with the recorded digest as its base. Empty if the host did not answer.
    type: dict
    required: true
  details:
    description: Name every difference, every item that only the twin has, and everything that no scope reads, instead of counting them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the status of the twin
  ansible.builtin.debug:
    msg: "{{ known.twin | safetytwin.twin.twin_status(inventory_hostname, harvest) }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
  sample: ["web1  r18  twin-web1 is running at 10.62.22.21", "  age    the host is as recorded, now"]
"""

import time


def twin_status(known, host, harvest, details=False):
    # Ansible loads all filters of a collection when it needs one, in the process of each task, and compiles what they import
    from ansible_collections.safetytwin.twin.plugins.plugin_utils._status_screen import screen

    return screen(host, known, harvest, time.time(), details)


class FilterModule:
    """The filter under its name."""

    def filters(self):
        return {"twin_status": twin_status}
