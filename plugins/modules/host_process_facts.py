# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about processes and load."""
from __future__ import annotations

DOCUMENTATION = r"""
module: host_process_facts
short_description: Gather facts about processes and load of a host
version_added: "0.1.0"
description:
  - Reads processes with psutil, grouped by their owner (a unit, a container, a session, the kernel, or none), and recognises workloads of
    large language models.
  - Reads the load of the machine from C(/proc). Counters start at boot, or at the start of the process.
extends_documentation_fragment:
  - safetytwin.twin.attributes.reads
  - safetytwin.twin.attributes.facts
options:
  names:
    description: Names of programs to read, such as V(nginx); see O(units) for patterns.
    type: list
    elements: str
    default: []
  users:
    description: Names of users whose processes to read; see O(units) for patterns.
    type: list
    elements: str
    default: []
  units:
    description:
      - Full names of units whose processes to read, such as V(nginx.service).
      - In O(names), O(users) and O(units), C(*) stands for any characters and C(?) for one. A process is read if it matches one pattern of each of these
        options that is given. Sums in RV(ansible_facts.host_processes.groups) are those of the processes that are read. The load is always that of the whole
        machine.
    type: list
    elements: str
    default: []
  listening:
    description: Whether to read only processes that listen on a TCP or UDP port.
    type: bool
    default: false
notes:
  - Needs psutil on the host (package C(python3-psutil)). If the Python of the task does not have it, C(/usr/bin/python3) is used.
  - Secrets in command lines are replaced by V([redacted]).
  - Without root, processes of other users have fewer fields.
author: SafetyTwin contributors (@safetytwin)
"""

EXAMPLES = r"""
- name: Read processes
  safetytwin.twin.host_process_facts:
  become: true

- name: Read who listens on a port
  safetytwin.twin.host_process_facts:
    listening: true
  become: true

- name: Read the processes of PostgreSQL
  safetytwin.twin.host_process_facts:
    units: [postgresql@*.service]
    users: [postgres]
  become: true

- name: Show the users and addresses of listening programs, with a JMESPath query
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_processes | community.general.json_query(query) }}"
  vars:
    query: "groups.*.processes[] | [?listening].{program: name, user: user, listening: listening}"

- name: Show which language models run here
  ansible.builtin.debug:
    msg: "{{ ansible_facts.host_processes.llm }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts of the host.
  returned: success
  type: dict
  contains:
    host_processes:
      description: Processes, language models and load.
      type: dict
      contains:
        groups:
          description: >-
            By owner (C(unit:NAME), C(container:ID), C(session:NAME), C(kernel) or C(alone:PROGRAM)), its C(kind) (str), C(count) (int),
            C(cpu_seconds) (float), C(memory_bytes) (int, resident), C(read_bytes) and C(written_bytes) (int, from C(/proc/PID/io)) and C(processes).
            Each of these has C(argv) (list), C(name), C(exe), C(user), C(cwd) (str), C(count), C(threads) (int), C(pids) (list) and C(listening)
            (list of protocol and address); those with the same command line, user and directory are one.
          type: dict
          sample:
            {"unit:nginx.service": {"kind": "unit", "count": 3, "cpu_seconds": 1.5, "memory_bytes": 3145728, "read_bytes": 12288, "written_bytes": 0,
            "processes": [{"argv": ["nginx: master process /usr/sbin/nginx"], "name": "nginx", "exe": "/usr/sbin/nginx", "user": "root", "cwd": "/",
            "count": 1, "threads": 1, "pids": [700], "listening": ["tcp 0.0.0.0:80"]}]}}
        llm:
          description: >-
            Workloads of language models, each with C(runtime), C(model) where it is named, C(owner), C(pid), C(gpus) (device files that are
            open) and C(memory_bytes).
          type: list
          elements: dict
          sample:
            [{"runtime": "vllm", "model": "mistral/small", "owner": "unit:vllm.service", "pid": 4711, "gpus": ["/dev/nvidia0"],
            "memory_bytes": 8589934592}]
        load:
          description: >-
            C(load_average) (list), C(uptime_seconds) (float), C(cpu_seconds) by state, C(memory_bytes) by use, C(disks) and C(nics) with
            counters in bytes and seconds, C(sockets) as counted in C(/proc/net/sockstat), with C(memory_bytes) in bytes, and C(pressure) as in
            C(/proc/pressure) (averages in percent, totals in microseconds).
          type: dict
          sample:
            {"load_average": [1.56, 1.83, 1.78], "uptime_seconds": 2999.68, "cpu_seconds": {"user": 2749.68, "system": 729.27, "idle": 2393.15},
            "memory_bytes": {"total": 25276502016, "available": 24276160512}, "disks": {"vda": {"read_bytes": 15073989632, "written_bytes": 26664824832,
            "busy_seconds": 123.656}}, "nics": {"eth0": {"received_bytes": 751449295, "sent_bytes": 966077, "errors": 0, "dropped": 0}},
            "sockets": {"tcp": {"inuse": 3, "orphan": 0, "tw": 2, "alloc": 19, "memory_bytes": 12288}}, "pressure": {"io": {"some": {"avg10": 3.39,
            "avg60": 1.7, "avg300": 1.93, "total": 54840166}}}}
status:
  description: V(ok), V(empty) if no process matches, or V(partial) if something could not be read.
  returned: success
  type: str
  sample: ok
note:
  description: What could not be read and why, and which patterns no process matches. Empty otherwise.
  returned: success
  type: str
  sample: No process matches users postgres.
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.interpreter import SYSTEM, missing
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.load import collect as load
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes import collect as processes_collect
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes.selection import Selection

PATTERNS = {"type": "list", "elements": "str", "default": []}


def main():
    module = AnsibleModule(
        argument_spec={"names": PATTERNS, "users": PATTERNS, "units": PATTERNS, "listening": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    if missing("psutil") and not has_respawned():
        # The distribution packages psutil for its own Python, which may not be the one that Ansible chose.
        python = probe_interpreters_for_module([SYSTEM], "psutil")
        if python:
            respawn_module(python)
    context, selection = Context(), Selection(**module.params)
    try:
        accept(module.params, module.ansible_version)
        processes = dict(processes_collect.collect_telemetry(context, selection), load=load.collect_telemetry(context))
    except TwinError as error:
        module.fail_json(msg=str(error))
    nothing = ["No process matches %s." % ", ".join(selection.unmatched())] * bool(selection.unmatched())
    status = "partial" if context.missed else "ok" if processes["groups"] else "empty"
    module.exit_json(changed=False, ansible_facts=outward({"host_processes": processes}), status=status, note=" ".join(context.missed + nothing))


if __name__ == "__main__":
    main()
