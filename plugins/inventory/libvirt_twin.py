# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: libvirt_twin
short_description: Find the twins of one or more hypervisors
version_added: "0.1.0"
description:
  - Adds each libvirt domain that is a twin as an inventory host, with the variables that C(ssh) needs to reach its management port.
  - Each twin is in the groups C(twins), C(twin_of_<host>) and C(twin_state_<state>), and in C(twins_following) if it follows its host. Its variables
    C(twin_id), C(twin_host) and C(twin_follows) tell which twin of which host it is.
  - The configuration file's name ends in C(libvirt_twin.yml) or C(libvirt_twin.yaml).
  - Host keys are checked. They are created together with the twin.
  - Without libvirt-python the plugin fails. Ansible then warns and goes on without this inventory, unless you set
    C(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true).
author:
  - SafetyTwin contributors (@safetytwin)
requirements:
  - libvirt-python on the controller, in the Python that runs Ansible
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Always V(safetytwin.twin.libvirt_twin).
    type: str
    required: true
    choices: [safetytwin.twin.libvirt_twin]
  uris:
    description:
      - Libvirt URIs of the hypervisors. If one cannot be reached, the plugin warns and leaves it out. With O(strict) this is an error.
      - With a C(qemu+ssh://) URI, that hypervisor is the jump host for its twins. Their private key stays there. Log in with your own key. Give its
        public part to M(safetytwin.twin.libvirt_twin) in C(authorized_keys), and name it in O(private_key) or load it into your agent.
    type: list
    elements: str
    default: ["qemu:///system"]
  hostname:
    description:
      - Value that is used as the inventory name of a twin. V(twin) is its id.
      - With V(host), only the first of several twins of a host is listed, and a warning names the host.
    type: str
    choices: [twin, uuid, host]
    default: twin
  private_key:
    description: Private key for twins of remote hypervisors.
    type: path
  timeout:
    description: Seconds to wait for one hypervisor, from 1 to 3600.
    type: int
    default: 30
  wait:
    description: Seconds to search for the address of a running twin without a fixed address, with lease, guest agent and ARP table, from 0 to 600.
    type: int
    default: 5
"""

EXAMPLES = r"""
# my.libvirt_twin.yml. The first line alone finds all twins of this machine. Each is an inventory host that has the id of the twin as its name.
plugin: safetytwin.twin.libvirt_twin
# The twins of two hypervisors, with a group of the running ones and a group for each base image.
uris:
  - qemu:///system
  - qemu+ssh://root@hv2/system
groups:
  testable: twin_state == 'running'
keyed_groups:
  - key: twin_image[:12]
    prefix: image
compose:
  twin_label: twin_host ~ ' at revision ' ~ twin_revision
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-twins
"""

import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.release import __version__
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.safetytwin.twin.plugins.module_utils._base import interpreter
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt.deadline import bounded
from ansible_collections.safetytwin.twin.plugins.module_utils._twin.survey import survey


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "safetytwin.twin.libvirt_twin"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(("libvirt_twin.yml", "libvirt_twin.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._check()
        # Plays and options name them, also where there is no twin yet.
        for group in ("twins", "twins_following"):
            self.inventory.add_group(group)
        for twin in self._twins(self.get_cache_key(path), cache):
            self._add(twin)

    def _check(self):
        try:
            accept({name: self.get_option(name) for name in ("timeout", "wait")}, __version__)
        except TwinError as error:
            raise AnsibleParserError(str(error)) from error
        if client.api() is None:
            raise AnsibleParserError("Twins cannot be listed: the Python that runs Ansible, %s, has no libvirt bindings: %s." % (
                sys.executable, interpreter.advice("libvirt", alone=True),
            ))

    def _twins(self, key, cache):
        """From the cache if it is wanted and holds them, else from the hypervisors."""
        wanted = self.get_option("cache")
        if wanted and cache and key in self._cache:
            return self._cache[key]
        twins = self._ask()
        if wanted:
            self._cache[key] = twins
        return twins

    def _ask(self):
        """Every twin of every hypervisor, all asked at once; a hypervisor that fails is a warning, or an error with strict."""
        uris = self.get_option("uris")
        twins = []
        with ThreadPoolExecutor(max_workers=max(len(uris), 1)) as pool:
            for answer in [pool.submit(self._ask_one, uri) for uri in uris]:
                try:
                    twins += answer.result()
                except TwinError as error:
                    if self.get_option("strict"):
                        raise AnsibleParserError(str(error)) from error
                    self.display.warning(str(error))
        return twins

    def _ask_one(self, uri):
        def look():
            with client.connect(uri) as connection:
                return [dict(twin, uri=uri) for twin in survey(connection, seconds=self.get_option("wait"))]

        return bounded(look, self.get_option("timeout"), "libvirt at %s" % uri)

    def _add(self, twin):
        # What a domain says of itself is no template. Only ansible-core 2.19 and newer take it for text by themselves.
        name, twin = twin[self.get_option("hostname")], wrap_var(twin)
        # Before 2.19, ansible-inventory prints a marked name as an object; a name without a brace cannot be a template.
        name = wrap_var(name) if "{" in name else name
        if name in self.inventory.hosts and "twin_uuid" in self.inventory.get_host(name).vars:
            self.display.warning("More than one twin is called %s; the one at %s is left out." % (name, twin["uri"]))
            return
        self.inventory.add_host(name)
        facts = {"twin_id" if key == "twin" else "twin_" + key: value for key, value in twin.items()}
        variables = wrap_var(dict(facts, **connection_variables(twin, self.get_option("private_key"))))
        for key, value in variables.items():
            self.inventory.set_variable(name, key, value)
        for group in ["twins"] + ["twins_following"] * twin["follows"]:
            self.inventory.add_child(group, name)
        for group in ("twin_of_" + twin["host"], "twin_state_" + twin["state"]):
            self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(group)), name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)


def connection_variables(twin, private_key=None):
    """What ssh needs to reach a twin, as Ansible's variables; host-key checking stays on."""
    jump = _jump_host(twin["uri"])
    options = ["HostKeyAlias=" + twin["domain"], "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null"]
    if jump:
        # The key is in the domain's metadata; known_hosts is a file of the other machine.
        options += ["UserKnownHostsFile=/dev/null", "KnownHostsCommand=/bin/echo %s %s" % (twin["domain"], twin["host_key"]), "ProxyJump=" + jump]
        key = private_key
    else:
        options += ["UserKnownHostsFile=%s/known_hosts" % twin["directory"], "IdentitiesOnly=yes"]
        key = twin["directory"] + "/id_ed25519"
    variables = {"ansible_port": twin["port"], "ansible_user": "root"}
    variables["ansible_ssh_common_args"] = " ".join("-o " + shlex.quote(option) for option in options)
    if key:
        variables["ansible_ssh_private_key_file"] = key
    if twin["address"]:
        variables["ansible_host"] = twin["address"]
    return variables


def _jump_host(uri):
    """[user@]host[:port] of a URI over ssh, or None for a local one."""
    parts = urlsplit(uri)
    return parts.netloc or None
