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
  - Creates, starts, pauses, stops and removes the libvirt domain of a twin of a host.
  - A new twin has a disk layer over a base image, keys, a NoCloud seed on a CD-ROM, and a fixed address in an isolated network.
  - Creates, removes and reverts snapshots. They are disk layers and work with every version of libvirt.
  - Waits up to 60 seconds for a running sync of the twin to end, then fails. Check mode does not wait.
  - Replaces an existing definition that differs from the options. Manual additions to the definition are lost.
extends_documentation_fragment:
  - safetytwin.twin.libvirt
attributes:
  check_mode:
    description: Reports the steps of the real run and changes nothing.
    support: full
  diff_mode:
    description: Shows the definition, state and snapshots before and after.
    support: full
options:
  host:
    description: Inventory name of the host that is mirrored.
    type: str
    required: true
  twin:
    description:
      - Id of the twin, which is also the name of its domain. A host may have several twins.
      - Defaults to C(twin-<host>), the id of the twin that follows the host. In it, characters that an id cannot have are replaced, and a digest is added.
      - An id has 1 to 64 ASCII letters, digits, dots, underscores and hyphens, and begins with a letter or digit.
    type: str
  follows:
    description:
      - Whether syncs of the host bring this twin to the host's state. Defaults to V(true) for the default O(twin), and to V(false) for another one.
      - It is decided when the twin is made. A value that differs from that of an existing twin is refused, and so is a second twin that follows O(host).
    type: bool
  state:
    description:
      - V(present) defines the twin and does not start or stop it. V(running), V(paused) and V(stopped) also start, pause or stop it.
      - V(running) resumes a paused twin and restarts a crashed one.
      - V(absent) removes the domain, its disk layers, snapshots, keys and address. The network is removed with its last twin.
    type: str
    choices: [present, running, paused, stopped, absent]
    default: present
  machine_id:
    description:
      - Content of C(/etc/machine-id) of the host, 32 hexadecimal digits in lower case. Required to create the twin.
      - If the existing twin belongs to a machine with another id, the module fails. Either the host was reinstalled, or two hosts use one twin.
    type: str
  image:
    description:
      - Directory of the base image. Required to create the twin and not used afterwards. It holds C(disk.qcow2) and, for direct boot, C(vmlinuz),
        C(initrd.img) and C(manifest.json). With C(disk.qcow2) alone, such as a cloud image, the disk's own boot loader is used.
      - QEMU runs as its own user, so other users need the execute permission on every directory above it.
    type: path
  memory:
    description: Memory in MiB, from 128 to 1048576; 2048 for a new twin. A change applies at the twin's next boot.
    type: int
  vcpus:
    description: Number of virtual CPUs, from 1 to 255; 2 for a new twin. A change applies at the twin's next boot.
    type: int
  disk:
    description: Size of a new twin's disk in GiB, from 1 to 16384, if it shall be larger than the base image.
    type: int
  disk_rate:
    description:
      - MiB per second that the twin may read and write on its disk, from 0 to 1048576; V(0) sets no limit. 200 for a new twin.
      - An existing twin keeps its limit if this is omitted. A change applies at the twin's next boot.
    type: int
  disk_iops:
    description: The same for requests per second, from 0 to 10000000; V(0) sets no limit. 10000 for a new twin.
    type: int
  accel:
    description:
      - Acceleration of the twin. V(auto) uses KVM if a kernel boots with it within 20 seconds, otherwise emulation (TCG). The test result is used
        until the hypervisor's next boot.
      - If omitted, a new twin uses V(auto), and an existing twin keeps its acceleration.
    type: str
    choices: [auto, kvm, tcg]
  machine:
    description: Machine type; V(q35) for a new twin. The CD-ROM of the seed uses SATA with V(q35) and IDE with V(pc).
    type: str
    choices: [q35, pc]
  network:
    description:
      - Libvirt network of the twin; V(safetytwin) for a new twin. If it does not exist, it is created as an isolated network without DNS, with fixed leases.
      - A network that this module did not create is not changed, and the twin has no fixed address in it.
    type: str
  subnet:
    description: IPv4 range of a new network; V(10.62.22.0/24) if omitted. The module fails if this machine already has a route to the range.
    type: str
  console_user:
    description: User who can log in on a new twin's console, a user name of at most 32 lower-case letters, digits, underscores and hyphens.
    type: str
    default: twin
  console_password:
    description: Password of O(console_user) in a new twin. If omitted, the account is locked until you set a password in the twin.
    type: str
  authorized_keys:
    description: Additional public keys that may log in as root on the management port of a new twin. The hypervisor's key is always included.
    type: list
    elements: str
    default: []
  shutdown_timeout:
    description: Seconds to wait for the twin to shut down before it is switched off, from 0 to 86400.
    type: int
    default: 60
  directory:
    description: Directory of the twins. Each twin has a subdirectory of C(twins) in it.
    type: path
    default: /var/lib/safetytwin
  snapshot:
    description: Snapshot to create, remove or revert after the twin has reached O(state).
    type: dict
    suboptions:
      name:
        description: Name of the snapshot.
        type: str
        required: true
      state:
        description:
          - V(present) creates a snapshot of the disk if none with this name exists. The guest agent freezes the file systems of a running twin; without
            the agent the snapshot is marked C(crash), as after a power failure. A snapshot does not contain memory.
          - V(absent) removes the snapshot, and merges or deletes disk layers that are no longer needed.
          - V(reverted) gives the twin a new layer over the snapshot. A running twin is switched off and boots again. Changes since the snapshot are
            lost, unless another snapshot contains them.
        type: str
        choices: [present, absent, reverted]
        default: present
author:
  - SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Create and start a twin of web1
  safetytwin.twin.libvirt_twin:
    host: web1
    machine_id: 0123456789abcdef0123456789abcdef
    image: /var/lib/safetytwin/images/debian-12
    state: running
  delegate_to: hypervisor
  become: true

- name: Create a snapshot of the twin
  safetytwin.twin.libvirt_twin:
    host: web1
    snapshot:
      name: before the upgrade

- name: Revert the twin to the snapshot
  safetytwin.twin.libvirt_twin:
    host: web1
    snapshot:
      name: before the upgrade
      state: reverted

- name: Have a second twin of web1, which does not follow it
  safetytwin.twin.libvirt_twin:
    host: web1
    twin: web1-rehearsal
    machine_id: 0123456789abcdef0123456789abcdef
    image: /var/lib/safetytwin/images/debian-12
    state: running

- name: Remove the twin with all its layers
  safetytwin.twin.libvirt_twin:
    host: web1
    state: absent
"""

RETURN = r"""
state:
  description: State of the domain. C(absent) if there is none.
  returned: success
  type: str
  sample: running
steps:
  description: Steps that were done, or that would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["change memory"]
twin:
  description: Id of the twin.
  returned: when the twin exists
  type: str
  sample: twin-web1
host:
  description: Inventory name of the mirrored host.
  returned: when the twin exists
  type: str
  sample: web1
follows:
  description: Whether syncs of the host bring this twin to the host's state.
  returned: when the twin exists
  type: bool
  sample: true
domain:
  description: Name of the domain, which is the twin's id.
  returned: when the twin exists
  type: str
  sample: twin-web1
uuid:
  description: UUID of the domain. It is also the DMI product UUID in the twin.
  returned: when the twin exists
  type: str
  sample: "6f0b1f6e-8f3c-4a54-9d0e-0d2f6b7c7e10"
address:
  description: Fixed IPv4 address. Empty in a network that this module did not create.
  returned: when the twin exists
  type: str
  sample: 10.62.22.21
port:
  description: Port of the twin's management ssh.
  returned: when the twin exists
  type: int
  sample: 62022
mac:
  description: MAC address.
  returned: when the twin exists
  type: str
  sample: "52:54:00:5a:1c:7e"
network:
  description: Libvirt network of the twin.
  returned: when the twin exists
  type: str
  sample: safetytwin
directory:
  description: Directory of the twin, with its layers, keys, C(known_hosts) and C(ssh_config).
  returned: when the twin exists
  type: str
  sample: /var/lib/safetytwin/twins/twin-web1
memory:
  description: Memory in MiB, as defined.
  returned: when the twin exists
  type: int
  sample: 2048
vcpus:
  description: Number of virtual CPUs, as defined.
  returned: when the twin exists
  type: int
  sample: 2
disk_rate:
  description: MiB per second that the twin may read and write on its disk, as defined. 0 without a limit.
  returned: when the twin exists
  type: int
  sample: 200
disk_iops:
  description: Requests per second that the twin may send to its disk, as defined. 0 without a limit.
  returned: when the twin exists
  type: int
  sample: 10000
accel:
  description: C(kvm) or C(tcg).
  returned: when the twin exists
  type: str
  sample: tcg
accel_reason:
  description: Reason for the acceleration.
  returned: unless O(state=absent)
  type: str
  sample: a kernel booted under KVM
next_boot:
  description: Changed options that apply at the twin's next boot.
  returned: when the twin exists
  type: list
  elements: str
  sample: ["memory"]
snapshots:
  description: Snapshots of the twin, each with its name, layer file, consistency (C(stopped), C(quiesced) or C(crash)) and number.
  returned: when the twin exists
  type: list
  elements: dict
  sample: [{"name": "before the upgrade", "file": "layer-0000.qcow2", "consistency": "quiesced", "number": 1}]
"""

import contextlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.interpreter import SYSTEM
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import chosen
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client
from ansible_collections.safetytwin.twin.plugins.module_utils._store.layout import LEASE_SECONDS, MACHINES, twin_key
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import claims
from ansible_collections.safetytwin.twin.plugins.module_utils._twin.provision import provision

MACHINES_SECONDS = 300  # others make their twins one after the other, each in seconds
SNAPSHOT = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "reverted"], "default": "present"},
}
ARGUMENTS = {
    "host": {"type": "str", "required": True},
    "twin": {"type": "str"},
    "follows": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "running", "paused", "stopped", "absent"], "default": "present"},
    "machine_id": {"type": "str"},
    "image": {"type": "path"},
    "memory": {"type": "int"},
    "vcpus": {"type": "int"},
    "disk": {"type": "int"},
    "disk_rate": {"type": "int"},
    "disk_iops": {"type": "int"},
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
}


@contextlib.contextmanager
def alone(connection, desired, check_mode):
    """Let no sync and no other task change the twin meanwhile. Users other than root switch power at most, which needs no lock."""
    if check_mode or os.geteuid() != 0:
        yield
        return
    with contextlib.ExitStack() as held:
        store = held.enter_context(open_store(look=True))
        held.enter_context(store.lease(twin_key(desired["twin"]), desired["twin"], LEASE_SECONDS))
        if claims.shared(connection, desired):
            held.enter_context(store.lease(MACHINES, "the twins of this hypervisor", MACHINES_SECONDS))
        yield


def main():
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
    )
    if client.libvirt is None and not has_respawned():
        # The bindings belong to the system's Python, which may not be the one that Ansible chose.
        python = probe_interpreters_for_module([SYSTEM], "libvirt")
        if python:
            respawn_module(python)
    if module.params["state"] == "absent" and module.params["snapshot"]:
        module.fail_json(msg="state absent removes the twin with its snapshots: leave the option snapshot out.")
    try:
        accept(module.params, module.ansible_version)
        desired = dict(module.params, twin=chosen(module.params["twin"], module.params["host"]))
        with client.connect(module.params["uri"]) as connection, alone(connection, desired, module.check_mode):
            result = provision(connection, desired, dry=module.check_mode)
    except TwinError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: %s." % (error.filename or "A file of the twin", error.strerror))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
