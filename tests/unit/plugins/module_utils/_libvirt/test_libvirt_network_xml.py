# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import network_xml

SUBNET = "10.62.22.0/24"


def test_our_network_is_isolated_and_known_as_ours():
    xml = network_xml.build("safetytwin", SUBNET)
    assert "forward" not in xml
    assert '<dns enable="no"' in xml
    assert network_xml.read(xml) == {"ours": True, "subnet": SUBNET, "leases": {}}


def test_a_foreign_network_is_known_as_foreign():
    xml = "<network><name>default</name><ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
    assert network_xml.read(xml) == {"ours": False, "subnet": "192.168.122.0/24", "leases": {}}


def test_addresses_are_steady_free_and_used_up_in_a_sentence():
    leases = {}
    for number in range(32 - 1 - network_xml.FIRST_LEASE):
        mac = "52:54:00:00:00:%02x" % number
        leases[mac] = network_xml.choose_address("10.0.0.0/27", mac, leases)
    assert len(set(leases.values())) == len(leases)
    assert network_xml.choose_address("10.0.0.0/27", mac, leases) == leases[mac]
    with pytest.raises(TwinError, match="no free address"):
        network_xml.choose_address("10.0.0.0/27", "52:54:00:ff:ff:ff", leases)


def test_the_previous_address_is_kept_while_it_is_free():
    assert network_xml.choose_address(SUBNET, "m", {}, "10.62.22.77") == "10.62.22.77"
    assert network_xml.choose_address(SUBNET, "m", {"o": "10.62.22.77"}, "10.62.22.77") != "10.62.22.77"
    assert network_xml.choose_address(SUBNET, "m", {}, "192.168.0.1").startswith("10.62.22.")


def test_a_range_already_reached_is_refused_with_its_device():
    routes = [{"dst": "default", "dev": "eth0"}, {"dst": "10.0.0.0/8", "dev": "tun0"}]
    assert "tun0" in network_xml.clash(SUBNET, routes)
    assert network_xml.clash("192.168.9.0/24", routes) is None


@pytest.mark.parametrize("subnet", ["10.0.0.0/30", "fd00::/64", "10.0.0.1/24", "nonsense"])
def test_unusable_ranges_are_sentences(subnet):
    with pytest.raises(TwinError):
        network_xml.parse_subnet(subnet)


@pytest.mark.parametrize("name", ["safetytwin", "a-name-that-is-far-too-long", "with space"])
def test_bridge_names_fit_the_kernel(name):
    assert len(network_xml.bridge_name(name)) <= 15
    assert " " not in network_xml.bridge_name(name)
