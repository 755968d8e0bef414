#!/usr/bin/python
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: libvirt_twin
short_description: Manage the virtual machine that mirrors a host, and its snapshots
version_added: "0.1.0"
description:
  - Makes, starts, pauses, stops and removes the libvirt domain that is the twin of one host.
  - A new twin gets a disk layer over a base image, keys, a cloud-init seed on a CD-ROM, and a fixed address in an isolated network.
  - Takes, removes and reverts to snapshots, which are disk layers of our own and work with every libvirt.
  - An existing definition that differs is replaced by one made from the options; what was added to it by hand goes.
extends_documentation_fragment:
  - safetytwin.twin.libvirt
attributes:
  check_mode:
    description: Says what would be done, from the same plan as the real run, and changes nothing.
    support: full
  diff_mode:
    description: Shows the definition, state and snapshots before and after.
    support: full
options:
  host:
    description: Inventory name of the host that is mirrored. The domain is C(twin-<host>), with unusual characters replaced.
    type: str
    required: true
  state:
    description:
      - V(present) defines the twin and leaves its power alone; V(running), V(paused) and V(stopped) bring it to that state, too.
      - V(running) resumes a paused twin and restarts a crashed one.
      - V(absent) removes the domain, its disk layers, snapshots, keys and address; the network goes with its last twin.
    type: str
    choices: [present, running, paused, stopped, absent]
    default: present
  machine_id:
    description:
      - Content of C(/etc/machine-id) of the host, needed to make its twin.
      - An existing twin of a machine with another id is refused, since then the host was reinstalled or two hosts claim one twin.
    type: str
  image:
    description:
      - Directory of the base image, needed to make the twin and not looked at afterwards. It holds C(disk.qcow2) and, for direct boot, C(vmlinuz),
        C(initrd.img) and C(manifest.json). With C(disk.qcow2) alone, such as a cloud image, the disk's own boot loader is used.
      - QEMU runs as its own user, so every directory above it must be passable for others.
    type: path
  memory:
    description: Memory in MiB; 2048 for a new twin. A change applies at the twin's next boot.
    type: int
  vcpus:
    description: Number of virtual CPUs; 2 for a new twin. A change applies at the twin's next boot.
    type: int
  disk:
    description: Size of a new twin's disk in GiB, if larger than the base image's.
    type: int
  accel:
    description:
      - How the twin runs. V(auto) takes KVM if a kernel really boots under it within 20 seconds, else emulation (TCG); the verdict holds until the
        hypervisor's next boot.
      - Left out, a new twin is made with V(auto), and an existing one stays as it is.
    type: str
    choices: [auto, kvm, tcg]
  machine:
    description: Machine type, V(q35) for a new twin. The seed's CD-ROM is on SATA there, on IDE with V(pc).
    type: str
    choices: [q35, pc]
  network:
    description:
      - Libvirt network of the twin; V(safetytwin) for a new one. If it does not exist, it is made, isolated, without DNS, with fixed leases.
      - A network that was not made by this module is used as it is, and the twin has no fixed address.
    type: str
  subnet:
    description: IPv4 range of a network to be made, V(10.62.22.0/24) if left out. A range that this machine reaches already is refused.
    type: str
  console_user:
    description: Account for logging in on a new twin's console.
    type: str
    default: twin
  console_password:
    description: Its password. If left out, one is generated and returned once, when the twin is made.
    type: str
  authorized_keys:
    description: Further public keys that may log in as root on the management port of a new twin; the hypervisor's own is always there.
    type: list
    elements: str
    default: []
  shutdown_timeout:
    description: Seconds a twin may take to shut down before it is switched off.
    type: int
    default: 60
  directory:
    description: Where twins are kept; each has a directory below C(twins) here.
    type: path
    default: /var/lib/safetytwin
  snapshot:
    description: A snapshot that should be there, be gone or be gone back to, once the twin is in O(state).
    type: dict
    suboptions:
      name:
        description: Name of the snapshot.
        type: str
        required: true
      state:
        description:
          - V(present) freezes the disk under this name, unless there is such a snapshot. A running twin's file systems are frozen through the guest
            agent; without it the snapshot is marked C(crash), as after a power cut. Memory is not part of it.
          - V(absent) forgets the name and merges or deletes the disk layers that nothing needs any more.
          - V(reverted) gives the twin a fresh layer over the snapshot. A running twin is switched off for that and boots again; what it wrote since
            the snapshot is lost, unless another snapshot holds it.
        type: str
        choices: [present, absent, reverted]
        default: present
author:
  - SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Have a running twin of web1
  safetytwin.twin.libvirt_twin:
    host: web1
    machine_id: 0123456789abcdef0123456789abcdef
    image: /var/lib/safetytwin/images/debian-12
    state: running
  delegate_to: hypervisor
  become: true

- name: Keep the twin's disk as it is now
  safetytwin.twin.libvirt_twin:
    host: web1
    snapshot:
      name: before the upgrade

- name: Go back
  safetytwin.twin.libvirt_twin:
    host: web1
    snapshot:
      name: before the upgrade
      state: reverted

- name: Remove the twin with all its layers
  safetytwin.twin.libvirt_twin:
    host: web1
    state: absent
"""

RETURN = r"""
state:
  description: State of the domain; C(absent) if there is none.
  returned: success
  type: str
  sample: running
steps:
  description: What was done, or would be in check mode, one sentence each.
  returned: success
  type: list
  elements: str
domain:
  description: Name of the domain.
  returned: when the twin exists
  type: str
  sample: twin-web1
uuid:
  description: UUID of the domain, and DMI product UUID inside the twin.
  returned: when the twin exists
  type: str
address:
  description: Fixed IPv4 address; empty in a network that is not ours.
  returned: when the twin exists
  type: str
port:
  description: Port of the twin's management ssh.
  returned: when the twin exists
  type: int
mac:
  description: MAC address.
  returned: when the twin exists
  type: str
network:
  description: Libvirt network of the twin.
  returned: when the twin exists
  type: str
directory:
  description: Directory of the twin, with its layers, keys, C(known_hosts) and C(ssh_config).
  returned: when the twin exists
  type: str
memory:
  description: Memory in MiB, as defined.
  returned: when the twin exists
  type: int
vcpus:
  description: Virtual CPUs, as defined.
  returned: when the twin exists
  type: int
accel:
  description: C(kvm) or C(tcg).
  returned: when the twin exists
  type: str
accel_reason:
  description: Why it runs like that.
  returned: unless O(state=absent)
  type: str
next_boot:
  description: What was changed and applies only at the twin's next boot.
  returned: when the twin exists
  type: list
  elements: str
snapshots:
  description: Names, layer files, consistency (C(stopped), C(quiesced) or C(crash)) and number of the twin's snapshots.
  returned: when the twin exists
  type: list
  elements: dict
console_password_generated:
  description: The console password, if one had to be generated. It is shown this once and kept nowhere in the clear.
  returned: when a twin was made without O(console_password)
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client
from ansible_collections.safetytwin.twin.plugins.module_utils._twin.provision import provision

SNAPSHOT = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "reverted"], "default": "present"},
}


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "running", "paused", "stopped", "absent"], "default": "present"},
            "machine_id": {"type": "str"},
            "image": {"type": "path"},
            "memory": {"type": "int"},
            "vcpus": {"type": "int"},
            "disk": {"type": "int"},
            "accel": {"type": "str", "choices": ["auto", "kvm", "tcg"]},
            "machine": {"type": "str", "choices": ["q35", "pc"]},
            "network": {"type": "str"},
            "subnet": {"type": "str"},
            "console_user": {"type": "str", "default": "twin"},
            "console_password": {"type": "str", "no_log": True},
            "authorized_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "shutdown_timeout": {"type": "int", "default": 60},
            "directory": {"type": "path", "default": "/var/lib/safetytwin"},
            "snapshot": {"type": "dict", "options": SNAPSHOT},
            "uri": {"type": "str", "default": "qemu:///system"},
        },
        supports_check_mode=True,
    )
    if client.libvirt is None and not has_respawned():
        # The bindings come with the system's Python, which need not be the one Ansible chose.
        python = probe_interpreters_for_module(["/usr/bin/python3"], "libvirt")
        if python:
            respawn_module(python)
    if module.params["state"] == "absent" and module.params["snapshot"]:
        module.fail_json(msg="state absent removes the twin with its snapshots: leave the option snapshot out.")
    try:
        with client.connect(module.params["uri"]) as connection:
            result = provision(connection, module.params, dry=module.check_mode)
    except TwinError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: %s." % (error.filename or "A file of the twin", error.strerror))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
