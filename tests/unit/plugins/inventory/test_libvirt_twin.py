# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import pathlib
import shlex
import subprocess
import sys

import pytest

pytest.importorskip("libvirt")


from ansible_collections.safetytwin.twin.plugins.inventory import libvirt_twin  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import following  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import domain  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[4]
TWIN = {
    "uri": "qemu:///system", "domain": "twin-web1", "twin": "twin-web1", "host": "web1", "port": 62022, "address": "10.62.22.9", "directory": "/var/lib/a dir",
    "host_key": "ssh-ed25519 AAAA", "state": "running",
}


def node(tmp_path, *hosts, rehearsals=()):
    """The URI of a hypervisor of libvirt's test driver that has a foreign domain, the twin that follows each host, and a rehearsal of some."""
    domains = ["<domain type='test'><name>foreign</name><memory>8192</memory><os><type>hvm</type></os></domain>"]
    twins = [(host, following(host), True) for host in hosts] + [(host, "rehearsal-" + host, False) for host in rehearsals]
    for number, (host, twin, follows) in enumerate(twins):
        metadata = {
            "format": 2, "twin": twin, "host": host, "follows": follows, "machine_id": "m", "image": "d", "revision": 3, "address": "10.62.22.9",
            "host_key": "", "touched": 0, "snapshots": [],
        }
        spec = {
            "name": twin, "uuid": "11111111-2222-3333-4444-%012d" % number, "memory": 64, "vcpus": 1, "disk_rate": 0, "disk_iops": 0, "accel": "tcg",
            "machine": "pc", "network": "default", "mac": domain.mac_address(twin), "address": "",
            "disk": "/t/layer-0000.qcow2", "seed": "/t/seed.iso",
            "boot": None, "metadata": metadata,
        }
        domains.append(domain.build(spec).replace('type="qemu"', 'type="test"').replace("x86_64", "i686"))
    path = tmp_path / ("node-%s.xml" % "-".join(hosts))
    path.write_text("<node>%s</node>" % "".join(domains))
    return "test://%s" % path


def load(tmp_path, text):
    """What ansible-inventory makes of a configuration file: (its output as a value or None, what it said)."""
    collection = tmp_path / "ansible_collections" / "safetytwin" / "twin"
    if not collection.exists():
        collection.parent.mkdir(parents=True)
        collection.symlink_to(ROOT)
    path = tmp_path / "my.libvirt_twin.yml"
    path.write_text("plugin: safetytwin.twin.libvirt_twin\n" + text)
    environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(tmp_path), ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true", ANSIBLE_NOCOLOR="1")
    argv = [sys.executable, "-m", "ansible", "inventory", "-i", str(path), "--list"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout) if done.returncode == 0 else None, " ".join(done.stderr.split())


def test_twins_of_all_hypervisors_are_grouped(tmp_path):
    uris = "uris: [%s, %s]\n" % (node(tmp_path, "web1", "db-1"), node(tmp_path, "web2"))
    found, _said = load(tmp_path, uris + "keyed_groups: [{key: twin_machine, prefix: machine}]\ngroups: {webs: twin_host.startswith('web')}\n")
    assert sorted(found["twins"]["hosts"]) == sorted(found["machine_pc"]["hosts"]) == ["twin-db-1", "twin-web1", "twin-web2"]
    assert sorted(found["webs"]["hosts"]) == ["twin-web1", "twin-web2"]
    assert found["twin_of_db_1"]["hosts"] == ["twin-db-1"]
    assert len(found["twin_state_running"]["hosts"]) == 3
    assert sorted(found["_meta"]["hostvars"]) == ["twin-db-1", "twin-web1", "twin-web2"]


def _plain(value):
    """A host variable without the mark that keeps Ansible from reading it as a template."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value


def test_several_twins_of_a_host_are_hosts_of_their_own(tmp_path):
    found, _said = load(tmp_path, "uris: [%s]\n" % node(tmp_path, "web1", "web2", rehearsals=["web1"]))
    assert sorted(found["twins"]["hosts"]) == ["rehearsal-web1", "twin-web1", "twin-web2"]
    assert sorted(found["twins_following"]["hosts"]) == ["twin-web1", "twin-web2"]
    assert sorted(found["twin_of_web1"]["hosts"]) == ["rehearsal-web1", "twin-web1"]
    variables = found["_meta"]["hostvars"]["rehearsal-web1"]
    assert [_plain(variables[name]) for name in ("twin_id", "twin_host", "twin_follows")] == ["rehearsal-web1", "web1", False]
    assert "twin_twin" not in variables
    assert found["_meta"]["hostvars"]["twin-web1"]["twin_follows"] is True


def test_the_group_of_twins_is_there_without_any(tmp_path):
    found, said = load(tmp_path, "uris: [%s]\n" % node(tmp_path))
    assert "twins" in found["all"]["children"] and not found["_meta"]["hostvars"], said


def test_a_dead_hypervisor_is_a_warning_and_an_error_with_strict(tmp_path):
    uris = "uris: [test:///nonexistent.xml, %s]\n" % node(tmp_path, "web1")
    found, said = load(tmp_path, uris)
    assert found["twins"]["hosts"] == ["twin-web1"]
    assert "Cannot reach libvirt at test:///nonexistent.xml" in said
    found, said = load(tmp_path, uris + "strict: true\n")
    assert found is None
    assert "Cannot reach libvirt at test:///nonexistent.xml" in said


def test_names_may_be_hosts_and_doubles_are_left_out(tmp_path):
    (tmp_path / "a").mkdir()
    uris = "uris: [%s, %s]\n" % (node(tmp_path, "web1"), node(tmp_path / "a", "web1"))
    found, said = load(tmp_path, uris + "hostname: host\n")
    assert found["twins"]["hosts"] == ["web1"]
    assert "More than one twin is called web1" in said


def test_wrong_options_are_named(tmp_path):
    found, said = load(tmp_path, "hostname: nonsense\n")
    assert found is None
    assert "hostname" in said


@pytest.mark.parametrize("name", ["hosts.yml", "libvirt_twin.ini"])
def test_files_of_others_are_left_alone(tmp_path, name):
    path = tmp_path / name
    path.write_text("plugin: safetytwin.twin.libvirt_twin\n")
    assert not libvirt_twin.InventoryModule().verify_file(str(path))


def ssh_reads(variables):
    """What ssh makes of the connection's arguments."""
    argv = ["ssh", "-G", "-F", "none", *shlex.split(variables["ansible_ssh_common_args"]), variables["ansible_host"]]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def test_ssh_checks_the_host_key_of_a_local_twin():
    variables = libvirt_twin.connection_variables(TWIN)
    assert variables["ansible_ssh_private_key_file"] == "/var/lib/a dir/id_ed25519"
    assert {"hostkeyalias twin-web1", "stricthostkeychecking true"} <= set(ssh_reads(variables))


def test_a_remote_twin_is_reached_through_its_hypervisor():
    variables = libvirt_twin.connection_variables(dict(TWIN, uri="qemu+ssh://me@hv2:2222/system"), "/home/me/key")
    shown = ssh_reads(variables)
    assert {"proxyjump me@hv2:2222", "knownhostscommand /bin/echo twin-web1 ssh-ed25519 AAAA", "stricthostkeychecking true"} <= set(shown)
    assert variables["ansible_ssh_private_key_file"] == "/home/me/key"


def test_without_libvirts_bindings_the_plugin_fails_with_advice_for_the_controllers_python(tmp_path, monkeypatch):
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "libvirt.py").write_text("raise ImportError('no such library')\n", encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "without"))
    found, said = load(tmp_path, "")
    assert found is None
    assert f"the Python that runs Ansible, {sys.executable}, has no libvirt bindings: " in said
    assert "install" in said and "ansible_python_interpreter" not in said


def test_options_out_of_range_are_refused(tmp_path):
    found, said = load(tmp_path, "timeout: 0\n")
    assert found is None and "timeout is 0, but it must be from 1 to 3600 seconds." in said


@pytest.mark.hostile
def test_what_a_domain_says_of_itself_is_no_template(tmp_path):
    """A play reads every variable, also through another one; none of them runs a command, in the inventory or later."""
    marker = tmp_path / "marker"
    bad = "a{{ lookup('pipe', 'touch %s') }}" % marker
    uri = node(tmp_path, "web1")
    path = tmp_path / "node-web1.xml"
    text = path.read_text()
    for name, value in (("machine_id", "m"), ("image", "d"), ("host", "web1")):
        assert ">%s</" % value in text, name
        text = text.replace(">%s</" % value, ">%s</" % bad)
    path.write_text(text)
    load(tmp_path, "uris: [%s]\nkeyed_groups: [{key: twin_machine_id, prefix: m}]\ncompose: {again: twin_machine_id}\n" % uri)
    tasks = [
        {"ansible.builtin.debug": {"msg": "{{ vars[item] | default('') }} {{ hostvars[inventory_hostname][item] | default('') }} {{ again }}"},
         "loop": ["twin_machine_id", "twin_image", "twin_host", "twin_id", "inventory_hostname", "ansible_host", "ansible_ssh_common_args"]},
        {"ansible.builtin.debug": {"msg": "{{ groups }} {{ inventory_hostname }}"}},
    ]
    for option in ("twin", "host"):
        (tmp_path / "my.libvirt_twin.yml").write_text("plugin: safetytwin.twin.libvirt_twin\nuris: [%s]\nhostname: %s\ncompose: {again: twin_machine_id}\n" % (
            uri, option))
        (tmp_path / "book.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": tasks}]))
        environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(tmp_path), ANSIBLE_NOCOLOR="1")
        argv = [sys.executable, "-m", "ansible", "playbook", "-i", str(tmp_path / "my.libvirt_twin.yml"), str(tmp_path / "book.yml")]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0 and "lookup('pipe'" in done.stdout, done.stdout + done.stderr
    assert not marker.exists()
