# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about services."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_service_facts
short_description: Gather facts about services of a host
version_added: "0.1.0"
description:
  - Reads the systemd units of a host that matter (services, sockets, timers, paths, the administrator's mounts, targets somebody may switch),
    units of users who linger, and programs of supervisord and snap services. Without systemd the init scripts are listed.
  - One call of C(systemctl) answers for all loaded units, a second one for those that are not loaded.
  - C(active) is what systemd was told to keep, so that it stays the same on a host nobody touches; C(sub_state) is what happens at this moment.
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
  - safetytwin.twin.attributes.facts
options:
  names:
    description: Read only these units, by their full names such as V(nginx.service). All when left out.
    type: list
    elements: str
notes:
  - Values of C(Environment=) are never read into facts. A unit whose file holds a secret is left out and named in RV(excluded).
  - Root is needed for units of users and for supervisord.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read all services
  safetytwin.twin.host_service_facts:

- name: Say which units failed
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_services | dict2items | selectattr('value.active', 'defined')
      | selectattr('value.active', 'eq', 'failed') | map(attribute='key') }}"

- name: Read one service
  safetytwin.twin.host_service_facts:
    names: [nginx.service]
"""

RETURN = r"""
ansible_facts:
  description: Facts of the host.
  returned: success
  type: dict
  contains:
    host_services:
      description: >-
        Units by name. Templates are C(NAME@.service), units of a user C(user@USER/NAME.service), others C(supervisor:NAME), C(snap:SNAP.NAME)
        and C(sysv:NAME). A field that does not apply is absent.
      type: dict
      contains:
        "*":
          description: One unit.
          type: dict
          contains:
            load:
              description: LoadState of systemd (V(loaded), V(masked), V(bad-setting), V(error)).
              type: str
            active:
              description: >-
                V(active), V(inactive) or V(failed), settled. A unit on its way counts as what it heads for, one that is restarted for ever as
                V(active). A service wanted at boot is V(active) while an active socket or path stands in for it. Absent for services that only a
                trigger or D-Bus starts.
              type: str
            enablement:
              description: UnitFileState of systemd, such as V(enabled), V(disabled), V(static), V(masked) or V(generated).
              type: str
            fragment:
              description: Path of the unit file.
              type: str
            digest:
              description: SHA-256 (hexadecimal) over the contents of unit file and drop-ins. Absent for generated units.
              type: str
            dropins:
              description: Paths of the drop-ins, in the order in which they apply.
              type: list
              elements: str
            user:
              description: C(User=) of the unit.
              type: str
            environment_files:
              description: Files of C(EnvironmentFile=), each with C(path) and C(optional).
              type: list
              elements: dict
            environment_names:
              description: Names of variables of C(Environment=).
              type: list
              elements: str
            condition:
              description: False where a condition kept the unit from starting the last time. Absent where it was never started.
              type: bool
            sub_state:
              description: SubState of systemd, or the state supervisord names, at this moment.
              type: str
            preset:
              description: UnitFilePreset of systemd.
              type: str
            type:
              description: C(Type=) of a service.
              type: str
            can_reload:
              description: Whether the service knows how to reload.
              type: bool
            package:
              description: Package the unit file belongs to.
              type: str
            programs:
              description: Files that the commands of the unit name, programs and arguments alike.
              type: list
              elements: str
            relations:
              description: >-
                Names of other units under C(requires), C(wants), C(after), C(before), C(part_of), C(binds_to), C(triggers) and C(triggered_by).
              type: dict
            main_pid:
              description: Process id of the main process, 0 for none.
              type: int
            memory_bytes:
              description: Memory in bytes, from the control group. Absent where it is not accounted.
              type: int
            cpu_nanoseconds:
              description: CPU time in nanoseconds, from the control group.
              type: int
            tasks:
              description: Number of tasks, from the control group.
              type: int
            restarts:
              description: How often systemd restarted the service by itself.
              type: int
            result:
              description: Result of the last run, such as V(success) or V(exit-code).
              type: str
            last_trigger:
              description: When a timer last fired, in the host's own time, as C(systemctl show) writes it.
              type: str
      sample:
        nginx.service:
          load: loaded
          active: active
          enablement: enabled
          fragment: /usr/lib/systemd/system/nginx.service
          sub_state: running
status:
  description: V(ok), or V(empty) where there is nothing of the kind on this machine.
  returned: success
  type: str
note:
  description: What could not be read and why, or why there is nothing; empty otherwise.
  returned: success
  type: str
excluded:
  description: Reason codes of what was left out, by name.
  returned: success
  type: dict
  sample: {"shop.service": "secret_excluded"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.facts import scope_facts
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.collect import collect


def main():
    module = AnsibleModule(argument_spec={"names": {"type": "list", "elements": "str"}}, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **scope_facts("host_services", collect, module.params["names"]))
    except TwinError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
