# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import uuid

import pytest

libvirt = pytest.importorskip("libvirt")

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import following  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain  # noqa: E402

FOREIGN = "<domain type='test'><name>%s</name><memory>8192</memory><os><type>hvm</type></os></domain>"
STATES = ("running", "paused", "shutoff")
FORMAT_1 = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "libvirt" / "domain_format1.xml"


def for_test_driver(xml):
    """XML of a twin's domain as libvirt's in-memory hypervisor takes it."""
    return xml.replace('type="qemu"', 'type="test"').replace('arch="x86_64" machine="pc"', 'arch="i686" machine="pc"')


def twin_xml(host="web1", twin=None, follows=True, name=None):
    twin = twin or following(host)
    metadata = {
        "format": 2, "twin": twin, "host": host, "follows": follows, "machine_id": "m1", "image": "d", "revision": 3, "address": "10.62.22.9",
        "host_key": "ssh-ed25519 AAAA", "touched": 0, "snapshots": [],
    }
    name = name or twin
    spec = {
        "name": name, "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), "memory": 64, "vcpus": 1,
        "disk_rate": 0, "disk_iops": 0, "accel": "tcg", "machine": "pc",
        "network": "default", "mac": domain.mac_address(name), "address": "", "disk": "/t/%s/layer-0000.qcow2" % name, "seed": "/t/seed.iso", "boot": None,
        "metadata": metadata,
    }
    return for_test_driver(domain.build(spec))


@pytest.fixture(name="conn")
def _conn():
    """libvirt's own in-memory hypervisor, with one domain of its own."""
    with client.connect("test:///default") as connection:
        yield connection
        for dom in connection.listAllDomains():
            if dom.name() != "test":
                if dom.isActive():
                    dom.destroy()
                dom.undefine()  # the flags of client.undefine are not for this driver


def test_twins_are_found_by_metadata_whatever_their_name(conn):
    conn.defineXML(twin_xml(name="renamed"))
    assert [twin["domain"] for twin in client.twins(conn)] == ["renamed"]
    found = client.find_twin(conn, "twin-web1")
    assert (found["state"], found["directory"], found["metadata"]["machine_id"]) == ("shutoff", "/t/renamed", "m1")
    assert client.find_twin(conn, "renamed") is None
    assert client.find_twin(conn, "web1") is None


def test_a_host_may_have_several_twins(conn):
    for xml in (twin_xml(), twin_xml(twin="rehearsal", follows=False), twin_xml("web2")):
        conn.defineXML(xml)
    assert [(twin["twin"], twin["follows"]) for twin in client.twins(conn, "web1")] == [("rehearsal", False), ("twin-web1", True)]
    assert [twin["host"] for twin in client.twins(conn)] == ["web1", "web1", "web2"]
    client.set_revision(conn, "rehearsal", 9)
    client.boot(conn, client.find_twin(conn, "rehearsal"))
    assert [(twin["state"], twin["metadata"]["revision"]) for twin in client.twins(conn, "web1")] == [("running", 9), ("shutoff", 3)]


def test_a_twin_of_format_1_is_found_and_written_anew(conn):
    old = FORMAT_1.read_text().replace("pc-q35-7.2", "pc").replace("<tb-cache unit=\"MiB\">256</tb-cache>", "").replace('bus="sata"', 'bus="ide"')
    conn.defineXML(for_test_driver(old.replace("sda", "hda")))
    found = client.find_twin(conn, "twin-web1")
    assert (found["host"], found["follows"], found["metadata"]["revision"]) == ("web1", True, 7)
    client.set_revision(conn, "twin-web1", 8)
    assert client.find_twin(conn, "twin-web1")["metadata"] == dict(found["metadata"], revision=8)


def test_the_revision_is_kept_in_the_domain_running_or_not(conn):
    conn.defineXML(twin_xml())
    client.set_revision(conn, "twin-web1", 4)
    assert client.find_twin(conn, "twin-web1")["metadata"]["revision"] == 4
    client.lookup(conn, "twin-web1").create()
    client.set_revision(conn, "twin-web1", 5)
    assert client.find_twin(conn, "twin-web1")["metadata"]["revision"] == 5
    assert client.find_twin(conn, "twin-web1")["state"] == "running"
    with pytest.raises(TwinError, match="There is no twin twin-web2 here"):
        client.set_revision(conn, "twin-web2", 1)


# Not from shutoff to paused: libvirt's test driver cannot start a domain paused; the integration target does.
@pytest.mark.parametrize(("start", "goal"), [(start, goal) for start in STATES for goal in STATES if (start, goal) != ("shutoff", "paused")])
def test_every_state_is_reached_from_every_state_once(conn, start, goal):
    dom = conn.defineXML(twin_xml())
    if start != "shutoff":
        dom.create()
    if start == "paused":
        dom.suspend()
    assert client.reach(conn, dom, goal) == (start != goal)
    assert client.find_twin(conn, "twin-web1")["state"] == goal
    assert client.reach(conn, dom, goal) is False


@pytest.mark.parametrize("uri", ["nonsense:///x", "qemu+unix:///system?socket=/nonexistent", "test:///nonexistent.xml"])
def test_a_hypervisor_that_cannot_be_reached_is_a_sentence(uri):
    with pytest.raises(TwinError, match="Cannot reach libvirt"), client.connect(uri):
        pass


def test_missing_bindings_are_a_sentence(monkeypatch):
    monkeypatch.setattr(client, "libvirt", None)
    with pytest.raises(TwinError, match="python3-libvirt"), client.connect():
        pass


def test_a_domain_that_is_switched_off_and_on_and_one_that_is_not_there(conn):
    conn.defineXML(twin_xml())
    twin = client.find_twin(conn, "twin-web1")
    for name, state in (("twin-web1", "shutoff"), ("none", "absent")):
        client.switch_off(conn, name)
        assert client.state(conn, name) == state
    client.boot(conn, twin)
    assert client.state(conn, "twin-web1") == "running"
    client.switch_off(conn, "twin-web1")
    assert client.state(conn, "twin-web1") == "shutoff"


def test_a_twin_without_a_guest_agent_does_not_answer(conn):
    conn.defineXML(twin_xml()).create()
    assert client.agent(conn, "twin-web1", '{"execute": "guest-ping"}', 1) is None
    assert client.agent(conn, "none", '{"execute": "guest-ping"}', 1) is None
