# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: refusals
short_description: List the options of a role that have a value that is not allowed
version_added: "0.1.0"
author:
  - SafetyTwin contributors (@safetytwin)
description:
  - Checks the options of a role with the rules of the modules, so that a role can refuse them before it does anything.
  - Checks also that the version of ansible-core is one that the collection supports.
options:
  _input:
    description: Options by name.
    type: dict
    required: true
  role:
    description: Name of the role, with which the names of its options begin.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check the options of a role
  ansible.builtin.assert:
    that: wrong | length == 0
    fail_msg: "{{ wrong | join(' ') }}"
  vars:
    wrong: "{{ {'twin_vcpus': twin_vcpus} | safetytwin.twin.refusals('twin') }}"
"""

RETURN = r"""
_value:
  description: One sentence per option with a value that is not allowed. Empty if everything is allowed.
  type: list
  elements: str
  sample: ["twin_vcpus is 0, but it must be from 1 to 255."]
"""

from ansible.release import __version__

from ansible_collections.safetytwin.twin.plugins.module_utils._base import options


def refusals(given, role):
    old = options.core_refusal(__version__)
    return [old] if old else options.refusals(given, role + "_")


class FilterModule:
    """The filter under its name."""

    def filters(self):
        return {"refusals": refusals}
