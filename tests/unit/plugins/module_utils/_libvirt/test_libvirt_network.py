# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

libvirt = pytest.importorskip("libvirt")

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, network  # noqa: E402

FOREIGN = "<network><name>other</name><ip address='198.51.100.1' prefix='24'/></network>"


@pytest.fixture(name="conn")
def _conn(monkeypatch):
    """libvirt's own in-memory hypervisor, on a machine whose routes are known."""
    monkeypatch.setattr(network, "_routes", lambda _name: [{"dst": "203.0.113.0/24", "dev": "eth0"}])
    with client.connect("test:///default") as connection:
        yield connection
        for one in connection.listAllNetworks():
            if one.name() != "default":
                if one.isActive():
                    one.destroy()
                one.undefine()


def test_the_network_is_made_once_and_then_there(conn):
    assert network.find(conn, "safetytwin") is None
    assert network.missing_network(conn, "safetytwin", None) == "make the isolated network safetytwin (10.62.22.0/24)"
    assert network.ensure_network(conn)
    found = network.find(conn, "safetytwin")
    assert (found["active"], found["ours"], found["subnet"], found["leases"]) == (True, True, "10.62.22.0/24", {})
    assert not network.ensure_network(conn)
    assert conn.networkLookupByName("safetytwin").autostart()


def test_ours_is_started_and_one_of_others_is_not(conn):
    network.ensure_network(conn)
    conn.networkLookupByName("safetytwin").destroy()
    assert network.missing_network(conn, "safetytwin", None) == "start the network safetytwin"
    assert network.ensure_network(conn)
    conn.networkDefineXML(FOREIGN)
    with pytest.raises(TwinError, match="other is not active, and .*: run virsh net-start other"):
        network.missing_network(conn, "other", None)
    conn.networkLookupByName("other").create()
    assert network.missing_network(conn, "other", None) is None


def test_another_range_and_a_range_in_use_are_refused(conn):
    with pytest.raises(TwinError, match="203.0.113"):
        network.missing_network(conn, "safetytwin", "203.0.113.0/24")
    network.ensure_network(conn)
    with pytest.raises(TwinError, match="has the range 10.62.22.0/24, not 192.0.2.0/24"):
        network.missing_network(conn, "safetytwin", "192.0.2.0/24")
