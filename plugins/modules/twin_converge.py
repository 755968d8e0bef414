# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin with the same name."""
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_converge
short_description: Make a twin the same as its host
version_added: "0.1.0"
description:
  - Stores the state that was read from the host, calculates the desired state of the twin and the differences, applies the whole plan with one
    call in the twin, reads the changed items back, and records the result.
  - Changes nothing in a twin that is already the same as its host.
  - Changes only the O(twin) of O(host), and only after the guest has proved that it is this twin.
extends_documentation_fragment:
  - safetytwin.twin.record
options:
  harvest:
    description: Path on the controller of the document that M(safetytwin.twin.host_state_info) wrote. If omitted, the last recorded state is used.
    type: path
  scopes:
    description: Scopes to converge. If omitted, all scopes are converged. A name that is no converged scope is refused with the names that are.
    type: list
    elements: str
  audit:
    description: Whether to read the whole twin first, even if the last audit was recent.
    type: bool
    default: false
  audit_interval:
    description: Seconds after which a cycle reads the whole twin, from 0 to 31536000.
    type: int
    default: 600
  drift:
    description:
      - What to do if an audit finds a change that was made in the twin.
      - V(correct) undoes the change, V(report) leaves it and reports it, V(pause) leaves it and pauses the twin until O(resume).
    type: str
    choices: [correct, report, pause]
    default: correct
  resume:
    description: Whether to resume the twin if it is paused.
    type: bool
    default: false
  roots:
    description: Directories to read besides the default ones. Give the value that the host was read with.
    type: list
    elements: path
    default: []
  exclude:
    description: Patterns of paths to leave out. Give the value that the host was read with.
    type: list
    elements: str
    default: []
  repository_directories:
    description:
      - Directories of the hypervisor whose repositories the host's lists may name as C(file:) or C(copy:). All users must be able to read them.
      - Packages come from them and from repositories by C(http) and C(https) only.
    type: list
    elements: path
    default: []
  unsigned_repositories:
    description:
      - URIs of repositories that the host's lists may declare as trusted without a valid signature, with C(trusted=yes) or C(allow-insecure).
      - Other entries that do so are not read. Items that need them are degraded with a reason that names the entry.
    type: list
    elements: str
    default: []
  vcpus:
    description: Maximum number of virtual CPUs of the twin, from 1 to 255.
    type: int
    default: 2
  memory_mib:
    description: Maximum memory of the twin in MiB, from 128 to 1048576.
    type: int
    default: 2048
  patience:
    description: Longest time in seconds to wait for one boot of the twin, from 1 to 86400.
    type: int
    default: 600
  unresponsive:
    description:
      - What to do if the twin runs but does not answer on ssh within 60 seconds beyond the time that its boots took.
      - V(reset) first sets its network up again with the help of its guest agent, if that answers. If the twin still does not answer, its virtual machine
        is reset, at most twice, the second time with one virtual CPU until its next start. If it then does not answer, the task fails, and the following
        ones wait for 15 seconds only until the twin answers.
      - V(report) changes nothing; the task fails with a sentence.
      - A twin that is switched off is started in either case.
    type: str
    choices: [report, reset]
    default: reset
attributes:
  check_mode:
    support: full
    description: Reports the plan of the real run. It reads a running twin if the real run would read it, writes nothing on any machine, and starts no twin.
  diff_mode:
    support: full
    description: Shows the differing fields of each item before and after.
author: SafetyTwin contributors (@safetytwin)
seealso:
  - module: safetytwin.twin.host_state_info
  - module: safetytwin.twin.libvirt_twin
"""

EXAMPLES = r"""
- name: Read the host
  safetytwin.twin.host_state_info:
  become: true
  register: state

- name: Converge the twin
  safetytwin.twin.twin_converge:
    host: "{{ inventory_hostname }}"
    harvest: "{{ state.document }}"
  delegate_to: hypervisor1
  become: true

- name: Show what would change in the services
  safetytwin.twin.twin_converge:
    host: "{{ inventory_hostname }}"
    scopes: [services]
  delegate_to: hypervisor1
  become: true
  check_mode: true
  diff: true
"""

RETURN = r"""
host:
  description: Inventory name of the host.
  returned: when not busy
  type: str
  sample: web1
twin_id:
  description: Id of the twin.
  returned: when not busy
  type: str
  sample: twin-web1
twin:
  description: V(following), V(paused), or V(absent) if the twin does not exist. Then RV(facts) is the path of the facts for a base image.
  returned: success
  type: str
  sample: following
line:
  description: The result of the cycle in one line.
  returned: success
  type: str
  sample: web1  r42  1 change (files /etc/motd)  in 4.1 s  fidelity 99.3 %
busy:
  description: Whether another sync of this twin was running. Then this task did nothing.
  returned: success
  type: bool
  sample: false
revision:
  description: Number of the recorded state of the host.
  returned: when not busy
  type: int
  sample: 42
changes:
  description: The first 50 steps, each with C(scope), C(key), C(verb), C(because) (the reason), C(before) and C(after).
  returned: when not busy
  type: list
  elements: dict
  sample: [{"scope": "files", "key": "/etc/motd", "verb": "ensure", "because": "it differs", "before": {"mode": "0644"}, "after": {"mode": "0640"}}]
counts:
  description: Number of steps per scope.
  returned: when not busy
  type: dict
  sample: {"files": 1, "services": 1}
failures:
  description: One sentence per failed step.
  returned: when not busy
  type: list
  elements: str
  sample: []
refused:
  description:
    - One sentence for each item, scope or content of the host that breaks a rule of the state format. It was left out, or its last valid state is used.
    - At most 50 are named.
  returned: when not busy
  type: list
  elements: str
  sample: ["files /opt/a is refused: it has a mode that is not four octal digits."]
drift:
  description: Items that were changed in the twin since it was last verified, as C(SCOPE KEY).
  returned: when not busy
  type: list
  elements: str
  sample: ["files /etc/motd"]
fidelity:
  description: Number of reproduced, degraded and impossible items per scope, and the percentages of all items.
  returned: when not busy
  type: dict
  sample:
    {"scopes": {"files": {"items": 515, "reproduced": 510, "degraded": 0, "impossible": 5}}, "exceptions": [{"scope": "files",
    "key": "/etc/default/shop-token", "reason": "secret_excluded", "sentence": "It holds a secret, and secrets do not leave the host.", "fields": {}}],
    "percent_reproduced": 99.03, "percent_explained": 100.0}
seconds:
  description: Seconds per stage and in total, from the start of reading the host.
  returned: when not busy
  type: dict
  sample: {"harvest": 0.8, "converge": 2.9, "total": 4.1}
facts:
  description: Path on the hypervisor of the facts from which M(safetytwin.twin.twin_image) builds an image.
  returned: when RV(twin) is V(absent)
  type: str
  sample: /var/lib/safetytwin/twins/twin-web1/image-facts.json
machine_id:
  description: Machine-id of the host.
  returned: when RV(twin) is V(absent)
  type: str
  sample: "3d1219c7c4c5404aaa1f6d2a48adfda4"
recovered:
  description: What was done to make the twin answer, one phrase per action.
  returned: when not busy
  type: list
  elements: str
  sample: ["twin reset: it ran but did not answer for 75 s"]
message:
  description: A sentence about a pause, a missing twin or another unusual situation. Empty otherwise.
  returned: when not busy
  type: str
  sample: The twin of web1 does not exist yet.
"""
