# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_record
short_description: Follow, pause or remove the record of a twin
version_added: "0.1.0"
description:
  - Changes the record of a twin in the hypervisor's store. It does not change the twin itself; use M(safetytwin.twin.libvirt_twin) for that.
  - Waits up to 60 seconds for a running sync of the twin to end, then fails. Check mode does not wait.
extends_documentation_fragment:
  - safetytwin.twin.record
options:
  state:
    description:
      - V(following) means that every sync makes the twin the same as its host.
      - V(paused) means that syncs do not change the twin. They still record the states of the host.
      - V(absent) removes the record of the twin, and with the last one all records of the host. It is refused while the twin's virtual machine exists.
    type: str
    choices: [following, paused, absent]
    required: true
  reason:
    description: Reason of the pause, which the status shows.
    type: str
    default: Paused on request.
attributes:
  check_mode:
    support: full
    description: Reports what would change and changes nothing.
  diff_mode:
    support: full
    description: The state before and after.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Pause the twin during an investigation
  safetytwin.twin.twin_record:
    host: web1
    state: paused
    reason: Incident 4711 is being investigated.
  delegate_to: hypervisor1
  become: true
"""

RETURN = r"""
previous:
  description: State before the task.
  returned: success
  type: str
  sample: following
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import chosen
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._store.record import ensure


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "twin": {"type": "str"},
            "state": {"type": "str", "choices": ["following", "paused", "absent"], "required": True},
            "reason": {"type": "str", "default": "Paused on request."},
        },
        supports_check_mode=True,
    )
    state = module.params["state"]
    try:
        accept(module.params, module.ansible_version)
        previous = ensure(chosen(module.params["twin"], module.params["host"]), module.params["host"], state, module.params["reason"], module.check_mode)
    except TwinError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=previous != state, previous=previous, diff={"before": previous + "\n", "after": state + "\n"})


if __name__ == "__main__":
    main()
