# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: twin_due
short_description: List the reasons for a cycle of a twin
version_added: "0.1.0"
author:
  - SafetyTwin contributors (@safetytwin)
description:
  - Lists the reasons for a cycle, from the record of the twin (M(safetytwin.twin.twin_info)) and the read of its host
    (M(safetytwin.twin.host_state_info)).
  - The cycle itself uses the same rules.
options:
  _input:
    description: The RV(safetytwin.twin.twin_info#module:twin) of M(safetytwin.twin.twin_info).
    type: dict
    required: true
  harvest:
    description: Result of M(safetytwin.twin.host_state_info) with the recorded digest as its base.
    type: dict
    required: true
  audit_interval:
    description: Seconds after which a cycle reads the whole twin, from 0 to 31536000.
    type: int
    default: 600
  verify:
    description: Whether the user asks to read the whole twin.
    type: bool
    default: false
  resume:
    description: Whether the user asks to resume a paused twin.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show why the twin needs a cycle
  ansible.builtin.debug:
    msg: "{{ known.twin | safetytwin.twin.twin_due(harvest) | map(attribute='sentence') | join(' ') }}"
"""

RETURN = r"""
_value:
  description: Reasons, each with C(code), C(sentence) and C(whole) (whether the cycle reads the whole twin first). Empty if no cycle is needed.
  type: list
  elements: dict
  sample: [{"code": "changed", "sentence": "The host has changed.", "whole": false}]
"""

import time

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import due


def twin_due(known, harvest, audit_interval=600, verify=False, resume=False):
    reasons = due.due(due.situation(known if known["known"] else None, known["domain"], {
        "now": time.time(), "audit_interval": int(audit_interval), "rebooted": known["rebooted"], "changed": bool(harvest["differs"]),
        "verify": boolean(verify), "resume": boolean(resume),
    }))
    return [reason._asdict() for reason in reasons]


class FilterModule:
    """The filter under its name."""

    def filters(self):
        return {"twin_due": twin_due}
