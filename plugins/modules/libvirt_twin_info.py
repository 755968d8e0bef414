#!/usr/bin/python
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_twin_info
short_description: List the twins of a hypervisor
version_added: "0.1.0"
description:
  - Lists the twins of a hypervisor, of one host, or one twin, with their state, address, definition, snapshots and disk layers.
extends_documentation_fragment:
  - safetytwin.twin.libvirt
  - safetytwin.twin.attributes.reads
options:
  host:
    description: Inventory name of a mirrored host. If omitted, the module lists twins of all hosts.
    type: str
  twin:
    description: Id of a twin. If omitted, the module lists all twins.
    type: str
  wait:
    description:
      - Seconds to search for the address of a running twin without a fixed address, from 0 to 600. The module checks the DHCP lease first, then the
        guest agent, then the ARP table.
    type: int
    default: 0
author:
  - SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: List all twins
  safetytwin.twin.libvirt_twin_info:
  become: true
  register: hypervisor

- name: Check that no twin has crashed
  ansible.builtin.assert:
    that: hypervisor.twins | selectattr('state', 'eq', 'crashed') | length == 0
"""

RETURN = r"""
twins:
  description: The twins, sorted by the name of their domain.
  returned: success
  type: list
  elements: dict
  contains:
    domain:
      description: Name of the domain.
      type: str
      sample: twin-web1
    twin:
      description: Id of the twin.
      type: str
      sample: twin-web1
    host:
      description: Inventory name of the mirrored host.
      type: str
      sample: web1
    follows:
      description: Whether syncs of the host bring this twin to the host's state. At most one twin of a host follows it.
      type: bool
      sample: true
    machine_id:
      description: Machine-id of the mirrored host.
      type: str
      sample: "3d1219c7c4c5404aaa1f6d2a48adfda4"
    uuid:
      description: UUID of the domain.
      type: str
      sample: "6f0b1f6e-8f3c-4a54-9d0e-0d2f6b7c7e10"
    state:
      description: C(running), C(paused), C(shutoff), C(crashed), C(stopping), C(suspended) or C(unknown).
      type: str
      sample: running
    address:
      description: IPv4 address. Empty if none was found.
      type: str
      sample: "10.62.22.21"
    address_source:
      description: C(fixed), C(lease), C(agent) or C(arp).
      type: str
      sample: fixed
    port:
      description: Port of the management ssh.
      type: int
      sample: 62022
    host_key:
      description: Public key of the management ssh.
      type: str
      sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF4mCkyKb4bW8p6mXq0c0zvX2yq0v1bq7qUuRkGm3w1e
    mac:
      description: MAC address.
      type: str
      sample: "52:54:00:5a:1c:7e"
    network:
      description: Libvirt network.
      type: str
      sample: safetytwin
    image:
      description: Digest of the base image.
      type: str
      sample: "1605f0178735ec72237be776b18423b566bf19653dd10569c6b3c6cf185ef374"
    revision:
      description: Revision of the host's state that was last applied to the twin.
      type: int
      sample: 18
    touched:
      description: >-
        Number of times that M(safetytwin.twin.libvirt_twin) changed the definition, started, stopped or reverted the twin. The sync after such a
        change reads the whole twin.
      type: int
      sample: 2
    snapshots:
      description: Name, layer file, consistency and number of each snapshot.
      type: list
      elements: dict
      sample: [{"name": "before the upgrade", "file": "layer-0000.qcow2", "consistency": "quiesced", "number": 1}]
    layers:
      description: File, parent and bytes on disk of each layer. Empty if this user may not read the directory.
      type: list
      elements: dict
      sample: [{"file": "layer-0000.qcow2", "parent": null, "bytes": 412286976}]
    bytes:
      description: Size of all layers on disk, in bytes.
      type: int
      sample: 412286976
    directory:
      description: Directory of the twin.
      type: str
      sample: /var/lib/safetytwin/twins/twin-web1
    memory:
      description: Memory in MiB.
      type: int
      sample: 2048
    vcpus:
      description: Virtual CPUs.
      type: int
      sample: 2
    accel:
      description: C(kvm) or C(tcg).
      type: str
      sample: kvm
    machine:
      description: C(q35) or C(pc).
      type: str
      sample: q35
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.interpreter import SYSTEM
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import survey


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str"},
            "twin": {"type": "str"},
            "wait": {"type": "int", "default": 0},
            "uri": {"type": "str", "default": "qemu:///system"},
        },
        supports_check_mode=True,
    )
    if client.libvirt is None and not has_respawned():
        # The bindings come with the system's Python, which need not be the one Ansible chose.
        python = probe_interpreters_for_module([SYSTEM], "libvirt")
        if python:
            respawn_module(python)
    try:
        accept(module.params, module.ansible_version)
        with client.connect(module.params["uri"]) as connection:
            twins = survey.survey(connection, module.params["host"], module.params["twin"], module.params["wait"])
        for twin in twins:
            twin["layers"] = survey.disk_layers(twin["directory"])
            twin["bytes"] = sum(layer["bytes"] for layer in twin["layers"])
    except TwinError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: %s." % (error.filename or "A file of the twin", error.strerror))
    module.exit_json(changed=False, twins=twins)


if __name__ == "__main__":
    main()
