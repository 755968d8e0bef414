# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest

libvirt = pytest.importorskip("libvirt")

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused, TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import provision  # noqa: E402

FOREIGN = "<domain type='test'><name>%s</name><memory>8192</memory><os><type>hvm</type></os></domain>"
STATES = ("running", "paused", "shutoff")
WISH = {"host": "web1", "state": "running", "machine_id": "m1"}


def twin_xml(host="web1", machine_id="m1", name=None):
    metadata = {
        "format": 1, "host": host, "machine_id": machine_id, "image": "d", "revision": 3, "address": "10.62.22.9", "host_key": "ssh-ed25519 AAAA",
        "snapshots": [],
    }
    name = name or domain.domain_name(host)
    spec = {
        "name": name, "uuid": "11111111-2222-3333-4444-%012d" % len(name), "memory": 64, "vcpus": 1, "accel": "tcg", "machine": "pc",
        "network": "default", "mac": domain.mac_address(name), "disk": "/t/%s/layer-0000.qcow2" % name, "seed": "/t/seed.iso", "boot": None,
        "metadata": metadata,
    }
    return domain.build(spec).replace('type="qemu"', 'type="test"').replace('arch="x86_64" machine="pc"', 'arch="i686" machine="pc"')


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
    found = client.find_twin(conn, "web1")
    assert (found["state"], found["directory"], found["metadata"]["machine_id"]) == ("shutoff", "/t/renamed", "m1")
    assert client.find_twin(conn, "web2") is None


def test_the_revision_is_kept_in_the_domain_running_or_not(conn):
    conn.defineXML(twin_xml())
    client.set_revision(conn, "web1", 4)
    assert client.find_twin(conn, "web1")["metadata"]["revision"] == 4
    client.lookup(conn, "twin-web1").create()
    client.set_revision(conn, "web1", 5)
    assert client.find_twin(conn, "web1")["metadata"]["revision"] == 5
    assert client.find_twin(conn, "web1")["state"] == "running"
    with pytest.raises(TwinError, match="no twin"):
        client.set_revision(conn, "web2", 1)


# Not from shutoff to paused: libvirt's test driver cannot start a domain paused; the integration target does.
@pytest.mark.parametrize(("start", "goal"), [(start, goal) for start in STATES for goal in STATES if (start, goal) != ("shutoff", "paused")])
def test_every_state_is_reached_from_every_state_once(conn, start, goal):
    dom = conn.defineXML(twin_xml())
    if start != "shutoff":
        dom.create()
    if start == "paused":
        dom.suspend()
    assert client.reach(conn, dom, goal) == (start != goal)
    assert client.find_twin(conn, "web1")["state"] == goal
    assert client.reach(conn, dom, goal) is False


def test_a_foreign_domain_of_the_name_is_refused(conn):
    conn.defineXML(FOREIGN % "twin-web1")
    with pytest.raises(Refused, match="not a twin"):
        provision.claim(conn, WISH)
    with pytest.raises(Refused, match="not a twin"):
        provision.provision(conn, dict(WISH, state="absent", snapshot=None))


def test_another_host_and_another_machine_are_refused(conn):
    conn.defineXML(twin_xml())
    assert provision.claim(conn, WISH)["domain"] == "twin-web1"
    with pytest.raises(Refused, match="reinstalled, or two hosts claim one twin"):
        provision.claim(conn, dict(WISH, machine_id="m2"))
    conn.defineXML(twin_xml(host="other", name="twin-web1").replace("-000000000010", "-000000000009"))
    with pytest.raises(Refused, match="twin of host other"):
        provision.claim(conn, WISH)


@pytest.mark.parametrize("uri", ["nonsense:///x", "qemu+unix:///system?socket=/nonexistent", "test:///nonexistent.xml"])
def test_a_hypervisor_that_cannot_be_reached_is_a_sentence(uri):
    with pytest.raises(TwinError, match="Cannot reach libvirt"), client.connect(uri):
        pass


def test_missing_bindings_are_a_sentence(monkeypatch):
    monkeypatch.setattr(client, "libvirt", None)
    with pytest.raises(TwinError, match="python3-libvirt"), client.connect():
        pass


def test_a_call_that_hangs_is_bounded():
    forever = threading.Event()
    with pytest.raises(TwinError, match="does not answer within 1 s"):
        client.bounded(forever.wait, 1, "libvirt")
    forever.set()
