# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: twin_due
short_description: Tell whether a twin needs a cycle, and why
version_added: "0.1.0"
author:
  - SafetyTwin contributors (@safetytwin)
description:
  - Lists the reasons for a cycle, from what M(safetytwin.twin.twin_info) knows of a twin and what M(safetytwin.twin.host_state_info) read of its host.
  - The cycle itself decides by the same rules.
options:
  _input:
    description: The RV(safetytwin.twin.twin_info#module:twin) of M(safetytwin.twin.twin_info).
    type: dict
    required: true
  harvest:
    description: Result of M(safetytwin.twin.host_state_info) against the recorded digest.
    type: dict
    required: true
  audit_interval:
    description: Seconds after which the whole twin is read again.
    type: int
    default: 600
  verify:
    description: Whether reading the whole twin is asked for.
    type: bool
    default: false
  resume:
    description: Whether a paused twin shall follow again.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Say why the twin needs a cycle
  ansible.builtin.debug:
    msg: "{{ known.twin | safetytwin.twin.twin_due(harvest) | map(attribute='sentence') | join(' ') }}"
"""

RETURN = r"""
_value:
  description: Reasons, each with C(code), C(sentence) and C(whole) (whether the whole twin is read first); empty when the twin needs no cycle.
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
