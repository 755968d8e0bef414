# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about containers."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_container_facts
short_description: Gather facts about containers of a host
version_added: "0.1.0"
description:
  - Reads containers, images, networks and volumes of Docker and Podman (also rootless) from their API sockets.
  - Containers are told as run specifications under the names of the options of C(docker run); what nobody chose is absent.
  - Without a running engine the result is empty, and RV(note) says so. No engine is started.
  - Containers that remove themselves, anonymous volumes and built-in networks are left out.
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
  - safetytwin.twin.attributes.facts
notes:
  - Secrets in environments, labels and command lines are replaced by V([redacted]).
  - The user needs access to the sockets; root has it.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read containers
  safetytwin.twin.host_container_facts:
  become: true

- name: Say which containers run
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_containers.container | default({}) | dict2items | selectattr('value.running') | map(attribute='key') }}"

- name: Show which images the containers use, with a JMESPath query
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_containers | community.general.json_query('container.* | [].spec.image.name') }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts of the host.
  returned: success
  type: dict
  contains:
    host_containers:
      description: >-
        By kind, then by C(ENGINE/NAME), where the engine is C(docker), C(podman), C(docker@USER) or C(podman@USER). Kinds of which there is none
        are absent.
      type: dict
      contains:
        container:
          description: Containers, each with these fields.
          type: dict
          contains:
            spec:
              description: >-
                The run specification, from inspect. Sizes are in bytes, times of C(healthcheck) in nanoseconds, C(stop_timeout) in seconds.
              type: dict
              sample:
                {"image": {"name": "lab/bb:1", "id": "sha256:2bd99c12f00a2109d9f2089141fa8404e0fa3fd287899eee1cc9c970b66ba68e", "digests": []},
                "command": ["/bin/sleep", "99999"], "environment": ["DB_PASSWORD=[redacted]", "MODE=prod", "PATH=/bin"], "mounts": [{"type": "volume",
                "source": "shopdata", "target": "/data", "read_only": false}], "ports": [{"container": "80/tcp", "address": "127.0.0.1", "port": "8088"}],
                "restart": "unless-stopped"}
            running:
              description: Whether it runs or is being restarted.
              type: bool
              sample: true
            state:
              description: C(status), C(pid), C(started) (RFC 3339), C(health) and C(exit_code) at this moment.
              type: dict
              sample: {"status": "running", "pid": 984, "started": "2026-11-23T07:32:58.89121315Z", "health": "healthy", "exit_code": 0}
        image:
          description: Images by engine and first tag (the id where there is none), with C(tags) (list) and C(bytes) (int).
          type: dict
          sample: {"docker/lab/bb:1": {"tags": ["lab/bb:1"], "bytes": 1982284}}
        network:
          description: Networks, each with C(spec) (driver, subnets, options, labels).
          type: dict
          sample: {"docker/shopnet": {"spec": {"driver": "bridge", "subnets": [{"subnet": "10.77.0.0/24"}]}}}
        volume:
          description: Volumes, each with C(spec) (driver, options, labels).
          type: dict
          sample: {"docker/shopdata": {"spec": {"driver": "local"}}}
      sample:
        container:
          docker/web:
            running: true
            spec:
              image: {"name": "nginx:1.27", "id": "sha256:0123", "digests": []}
              ports: [{"container": "80/tcp", "port": "8080"}]
              restart: unless-stopped
            state: {"status": "running", "pid": 4711}
status:
  description: V(ok), V(empty) if this machine has no such items, or V(partial) if something could not be read or is not there.
  returned: success
  type: str
  sample: ok
note:
  description: What could not be read and why, or why there are no items. Empty otherwise.
  returned: success
  type: str
  sample: Read from docker.
excluded:
  description: Reason codes of the items that were left out, by name.
  returned: success
  type: dict
  sample: {"shop.service": "secret_excluded"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.containers.collect import collect
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.facts import scope_facts


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        accept(module.params, module.ansible_version)
        module.exit_json(changed=False, **scope_facts("host_containers", collect, by_kind=True))
    except TwinError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
