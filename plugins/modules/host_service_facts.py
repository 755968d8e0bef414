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
  - Reads the systemd services, sockets, timers, paths, targets and configured mounts of a host, the units of lingering users, the programs of
    supervisord and the snap services. Without systemd it lists the init scripts.
  - Calls C(systemctl) once for all loaded units and once for all others.
  - C(active) is the settled state of a unit and does not change on an idle host. C(sub_state) is the state at this moment.
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
  - safetytwin.twin.attributes.facts
options:
  names:
    description: Full names of the units to read, such as V(nginx.service). If omitted, all units are read.
    type: list
    elements: str
notes:
  - Facts never contain values of C(Environment=). A unit with a secret in its file is left out and named in RV(excluded).
  - Needs root to read units of users, supervisord, and what services listen on. Without root RV(note) names what is missing.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read all services
  safetytwin.twin.host_service_facts:

- name: Show which units failed
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
        and C(sysv:NAME). Each has these fields; a field that does not apply is absent.
      type: dict
      contains:
        load:
          description: LoadState of systemd (V(loaded), V(masked), V(bad-setting), V(error)).
          type: str
          sample: loaded
        active:
          description: >-
            V(active), V(inactive) or V(failed). A unit that is starting or stopping has the state that it will reach. A unit that is restarted again
            and again is V(active). A service that starts at boot is V(active) while its socket or path unit is active. Absent for services that
            only a trigger or D-Bus starts.
          type: str
          sample: active
        enablement:
          description: UnitFileState of systemd, such as V(enabled), V(disabled), V(static), V(masked) or V(generated).
          type: str
          sample: enabled
        fragment:
          description: Path of the unit file.
          type: str
          sample: /etc/systemd/system/shop.service
        digest:
          description: SHA-256 (hexadecimal) over the contents of unit file and drop-ins. Absent for generated units.
          type: str
          sample: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        dropins:
          description: Paths of the drop-ins, in the order in which they apply.
          type: list
          elements: str
          sample: ["/etc/systemd/system/shop.service.d/10-a.conf"]
        user:
          description: C(User=) of the unit.
          type: str
          sample: shop
        environment_files:
          description: Files of C(EnvironmentFile=), each with C(path) and C(optional).
          type: list
          elements: dict
          sample: [{"path": "/etc/default/shop", "optional": true}]
        listens:
          description: >-
            Sockets on which the processes of a service wait for others, as C(tcp ADDRESS:PORT) and C(udp ADDRESS:PORT), at wildcard and loopback
            addresses. The sockets that systemd opens belong to the socket unit, and a service that a socket or path unit starts has no list. Ports of
            the dynamic range (sysctl C(net.ipv4.ip_local_port_range)) and sockets in other network namespaces are left out. Absent for units that are
            not active, and without root.
          type: list
          elements: str
          sample: ["tcp 0.0.0.0:80", "tcp [::]:80"]
        listens_at:
          description: The same, at other addresses of the host. Addresses that are valid on one link only are left out.
          type: list
          elements: str
          sample: ["udp 192.0.2.7:123"]
        environment_names:
          description: Names of variables of C(Environment=).
          type: list
          elements: str
          sample: ["MODE", "NAME", "TOKEN"]
        condition:
          description: False if a condition prevented the last start of the unit. Absent if the unit was never started.
          type: bool
          sample: true
        sub_state:
          description: SubState of systemd, or the state supervisord names, at this moment.
          type: str
          sample: running
        preset:
          description: UnitFilePreset of systemd.
          type: str
          sample: enabled
        type:
          description: C(Type=) of a service.
          type: str
          sample: simple
        can_reload:
          description: Whether the service supports reload.
          type: bool
          sample: true
        package:
          description: Package the unit file belongs to.
          type: str
          sample: nginx-common
        programs:
          description: Files that the commands of the unit name, as programs or arguments.
          type: list
          elements: str
          sample: ["/bin/kill", "/etc/shop.toml", "/usr/local/bin/shop", "/var/lib/shop"]
        relations:
          description: >-
            Names of other units under C(requires), C(wants), C(after), C(before), C(part_of), C(binds_to), C(triggers) and C(triggered_by).
          type: dict
          sample: {"wants": ["network-online.target", "redis.service"], "after": ["redis.service"]}
        main_pid:
          description: Process id of the main process, 0 for none.
          type: int
          sample: 86
        memory_bytes:
          description: Memory in bytes, from the control group. Absent if accounting is disabled.
          type: int
          sample: 7348224
        cpu_nanoseconds:
          description: CPU time in nanoseconds, from the control group.
          type: int
          sample: 1500000000
        tasks:
          description: Number of tasks, from the control group.
          type: int
          sample: 3
        restarts:
          description: Number of automatic restarts by systemd.
          type: int
          sample: 0
        result:
          description: Result of the last run, such as V(success) or V(exit-code).
          type: str
          sample: success
        last_trigger:
          description: Time when the timer last elapsed, in the host's time zone, as C(systemctl show) prints it.
          type: str
          sample: "Tue 2026-11-24 14:54:49 UTC"
      sample:
        nginx.service:
          load: loaded
          active: active
          enablement: enabled
          fragment: /usr/lib/systemd/system/nginx.service
          listens: ["tcp 0.0.0.0:80", "tcp [::]:80"]
          sub_state: running
status:
  description: V(ok), V(empty) if this machine has no such items, or V(partial) if something could not be read or is not there.
  returned: success
  type: str
  sample: partial
note:
  description: What could not be read and why, or why there are no items. Empty otherwise.
  returned: success
  type: str
  sample: "Nothing has the name there-is-no-such.service: give full names, and no aliases."
excluded:
  description: Reason codes of the items that were left out, by name.
  returned: success
  type: dict
  sample: {"shop.service": "secret_excluded"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.facts import scope_facts
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.collect import collect


def main():
    module = AnsibleModule(argument_spec={"names": {"type": "list", "elements": "str"}}, supports_check_mode=True)
    try:
        accept(module.params, module.ansible_version)
        module.exit_json(changed=False, **scope_facts("host_services", collect, module.params["names"]))
    except TwinError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
