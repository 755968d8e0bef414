# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a twin answers, by a stand-in for a domain that answers as libvirt does."""
from __future__ import annotations

import types

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import address

MAC = "52:54:00:aa:bb:cc"
SOURCES = {"lease": 1, "agent": 2, "arp": 3}


class LibvirtError(Exception):
    pass


LIBVIRT = types.SimpleNamespace(
    libvirtError=LibvirtError, VIR_IP_ADDR_TYPE_IPV4=0,
    **{"VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_" + name.upper(): number for name, number in SOURCES.items()},
)


class Domain:
    def __init__(self, active=True, connected=True, **answers):
        self.active, self.connected = active, connected
        self.answers = {SOURCES[name]: answer for name, answer in answers.items()}
        self.asked = []

    def isActive(self):
        return self.active

    def XMLDesc(self):
        state = "connected" if self.connected else "disconnected"
        return '<domain><devices><channel><target type="virtio" name="org.qemu.guest_agent.0" state="%s"/></channel></devices></domain>' % state

    def agentSetResponseTimeout(self, _seconds):
        pass

    def interfaceAddresses(self, number):
        self.asked.append(number)
        if number not in self.answers:
            raise LibvirtError("no answer")
        return {"vnet0": {"hwaddr": MAC.upper(), "addrs": self.answers[number]}, "lo": {"hwaddr": None, "addrs": None}}


@pytest.mark.hostile
@pytest.mark.parametrize("said", [
    "10.0.0.1\n  ProxyCommand touch /x", "10.0.0.1\n", "-oProxyCommand=x", "a", "", "10.0.0", "10.0.0.1.1", "10.0.0.256", "1e1.0.0.1", None, "{{ 1 }}",
])
def test_an_address_that_is_none_is_not_taken_from_the_guest_agent(find, said):
    """The address becomes a line of ssh_config, and the agent answers whatever the twin's root wants."""
    assert find(Domain(agent=[{"type": 0, "addr": said}])) == {"address": "", "source": ""}


@pytest.fixture
def find(monkeypatch):
    monkeypatch.setattr(address.client, "libvirt", LIBVIRT)
    monkeypatch.setattr(address, "POLL_SECONDS", 0)

    def find(domain, seconds=0, fixed=""):
        monkeypatch.setattr(address.client, "lookup", lambda _conn, _name: domain)
        return address.find_address(None, {"domain": "twin-x", "address": fixed, "spec": {"mac": MAC}}, seconds)

    return find


def ipv4(text):
    return [{"type": 1, "addr": "fe80::1"}, {"type": 0, "addr": text}]


def test_a_fixed_lease_needs_no_question(find):
    assert find(None, fixed="192.0.2.9") == {"address": "192.0.2.9", "source": "fixed"}


@pytest.mark.parametrize(("answers", "found"), [
    ({"lease": ipv4("192.0.2.1"), "arp": ipv4("192.0.2.3")}, {"address": "192.0.2.1", "source": "lease"}),
    ({"lease": [], "agent": ipv4("192.0.2.2")}, {"address": "192.0.2.2", "source": "agent"}),
    ({"arp": ipv4("192.0.2.3")}, {"address": "192.0.2.3", "source": "arp"}),
    ({"lease": [{"type": 1, "addr": "fe80::1"}]}, {"address": "", "source": ""}),
])
def test_sources_in_their_order(find, answers, found):
    assert find(Domain(**answers)) == found


def test_an_agent_that_is_not_connected_is_not_asked(find):
    domain = Domain(connected=False)
    find(domain)
    assert SOURCES["agent"] not in domain.asked


def test_a_twin_that_is_off_or_gone_is_not_waited_for(find):
    nothing = {"address": "", "source": ""}
    assert find(Domain(active=False), seconds=60) == nothing
    assert find(None, seconds=60) == nothing


def test_it_is_asked_until_the_time_is_over(find):
    domain = Domain()
    find(domain, seconds=0.05)
    assert len(domain.asked) > len(SOURCES)
