# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about hardware."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_hardware_facts
short_description: Gather facts about the hardware of a host
version_added: "0.1.0"
description:
  - Reads what a machine is made of from C(/proc), C(/sys) and C(/etc/os-release).
  - File systems that hold no data or come and go with containers and sessions, virtual disks, and interfaces without a device of their own are
    left out.
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
  - safetytwin.twin.attributes.facts
notes:
  - Addresses need psutil on the host (package C(python3-psutil)). If the Python of the task does not have it, C(/usr/bin/python3) is used.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read hardware
  safetytwin.twin.host_hardware_facts:

- name: Say how much memory there is
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_hardware.memory.bytes | human_readable }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts of the host.
  returned: success
  type: dict
  contains:
    host_hardware:
      description: Parts by kind. What the machine does not tell is absent.
      type: dict
      contains:
        cpu:
          description: C(architecture) (str, as uname), C(count) (int, logical processors) and C(model) (str, from C(/proc/cpuinfo)).
          type: dict
          sample: {"architecture": "x86_64", "count": 16, "model": "Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz"}
        memory:
          description: C(bytes) (int), from C(/proc/meminfo).
          type: dict
          sample: {"bytes": 67422392320}
        disk:
          description: By name, C(bytes) (int), C(model) (str) and C(rotational) (bool), from C(/sys/block).
          type: dict
          sample: {"nvme0n1": {"bytes": 1000204886016, "model": "SAMSUNG MZVL21T0HCLR-00B00", "rotational": false}}
        filesystem:
          description: >-
            By mount point, C(type) (str), C(options) (list), C(source) (str), from C(/proc/self/mountinfo), and C(bytes) (int, size).
          type: dict
          sample: {"/": {"type": "ext4", "options": ["rw", "relatime"], "source": "/dev/vda", "bytes": 270553174016}}
        nic:
          description: By name, C(driver) (str), C(mtu) (int, bytes), C(mac) (str) and C(addresses) (list of address and prefix length).
          type: dict
          sample: {"eth0": {"driver": "virtio_net", "mtu": 1400, "mac": "02:fc:00:00:00:01", "addresses": ["192.0.2.2/24", "fd00::2/64"]}}
        firmware:
          description: C(kind) (V(uefi) or V(bios)) and C(vendor), from DMI.
          type: dict
          sample: {"kind": "uefi", "vendor": "American Megatrends Inc."}
        virtualization:
          description: C(kind), as C(systemd-detect-virt) names it, V(none) on bare metal.
          type: dict
          sample: {"kind": "kvm"}
        kernel:
          description: C(release) and C(command_line).
          type: dict
          sample: {"release": "6.12.57+deb13-amd64", "command_line": "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet netboot_password=[redacted]"}
        distribution:
          description: C(id), C(version_id), C(codename) and C(name) of os-release.
          type: dict
          sample: {"id": "debian", "version_id": "13", "codename": "trixie", "name": "Debian GNU/Linux 13 (trixie)"}
status:
  description: V(ok), V(empty) if this machine has no such items, or V(partial) if something could not be read or is not there.
  returned: success
  type: str
  sample: partial
note:
  description: What could not be read and why, or why there are no items. Empty otherwise.
  returned: success
  type: str
  sample: "The size of the file system /mnt/backup is unknown: Permission denied."
excluded:
  description: Reason codes of the items that were left out, by name.
  returned: success
  type: dict
  sample: {"shop.service": "secret_excluded"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.interpreter import SYSTEM, missing
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.facts import scope_facts
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.hardware.collect import collect


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    if missing("psutil") and not has_respawned():
        # The distribution packages psutil for its own Python, which may not be the one that Ansible chose.
        python = probe_interpreters_for_module([SYSTEM], "psutil")
        if python:
            respawn_module(python)
    try:
        accept(module.params, module.ansible_version)
        module.exit_json(changed=False, **scope_facts("host_hardware", collect, by_kind=True))
    except TwinError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
