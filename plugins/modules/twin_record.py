# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_record
short_description: Let a twin follow its host, stand still, or be forgotten
version_added: "0.1.0"
description:
  - Changes what the hypervisor's store says of a twin. The twin itself is not touched; M(safetytwin.twin.libvirt_twin) does that.
extends_documentation_fragment:
  - safetytwin.twin.record
options:
  state:
    description:
      - V(following) is a twin that every sync makes the same as its host.
      - V(paused) is one that syncs leave alone; the host's states are recorded all the same.
      - V(absent) removes all that is recorded of the host.
    type: str
    choices: [following, paused, absent]
    required: true
  reason:
    description: Why it is paused, for those who ask later.
    type: str
    default: Paused on request.
attributes:
  check_mode:
    support: full
    description: Says what would change, and changes nothing.
  diff_mode:
    support: full
    description: The state before and after.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Leave the twin alone while it is looked at
  safetytwin.twin.twin_record:
    host: web1
    state: paused
    reason: Incident 4711 is being looked at.
  delegate_to: hypervisor1
  become: true
"""

RETURN = r"""
previous:
  description: The state before.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import twin_id
from ansible_collections.safetytwin.twin.plugins.module_utils._store.record import ensure


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["following", "paused", "absent"], "required": True},
            "reason": {"type": "str", "default": "Paused on request."},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    try:
        previous = ensure(twin_id(module.params["host"]), module.params["host"], state, module.params["reason"], module.check_mode)
    except TwinError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=previous != state, previous=previous, diff={"before": previous + "\n", "after": state + "\n"})


if __name__ == "__main__":
    main()
