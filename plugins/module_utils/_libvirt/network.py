# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twins' network in libvirt: made isolated, with a fixed lease per twin; a network that is not ours is used as it is."""

from __future__ import annotations

import json
from typing import Any, Mapping

from .._base.errors import TwinError
from .._base.run import check
from . import client, firewall, network_xml
from .network_xml import NetworkSpec

NAME = "safetytwin"
SUBNET = "10.62.22.0/24"


class Network(NetworkSpec):
    """A network as it is."""

    active: bool


def find(conn: Any, name: str) -> Network | None:
    """A network, or None if there is none of that name."""
    network = _lookup(conn, name)
    if network is None:
        return None
    with client.spoken("Reading network %s" % name):
        return {**network_xml.read(network.XMLDesc()), "active": bool(network.isActive())}


def ensure_network(conn: Any, name: str = NAME, subnet: str | None = None) -> bool:
    """Make sure the network is there and active; whether that took a change."""
    missing = missing_network(conn, name, subnet)
    if missing:
        make(conn, name, subnet)
    return bool(missing)


def missing_network(conn: Any, name: str, subnet: str | None) -> str | None:
    """What ensure_network would do, as a sentence, or None; what it could not do is raised."""
    network = find(conn, name)
    if network is None:
        sentence = network_xml.clash(subnet or SUBNET, _routes(name))
        if sentence:
            raise TwinError(sentence)
        return "make the isolated network %s (%s)" % (name, subnet or SUBNET)
    if subnet and network["subnet"] != str(network_xml.parse_subnet(subnet)):
        raise TwinError("Network %s has the range %s, not %s: leave subnet out or name another network." % (name, network["subnet"], subnet))
    if network["active"]:
        return None
    if not network["ours"]:
        raise TwinError("Network %s is not active, and this collection did not create it: run virsh net-start %s, or omit the option network." % (name, name))
    return "start the network %s" % name


def make(conn: Any, name: str, subnet: str | None) -> None:
    """Define and start the network, or start it if it is there."""
    with client.spoken("Making the network %s" % name):
        network = _lookup(conn, name) or conn.networkDefineXML(network_xml.build(name, subnet or SUBNET))
        network.setAutostart(1)
        if not network.isActive():
            network.create()


def add_lease(conn: Any, name: str, lease: Mapping[str, str]) -> None:
    """Fix a twin's address; lease is {"mac", "address", "domain"}."""
    _update(conn, name, client.api().VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, lease)


def drop_lease(conn: Any, name: str, lease: Mapping[str, str]) -> None:
    """Forget a twin's address; the network goes with its last twin."""
    _update(conn, name, client.api().VIR_NETWORK_UPDATE_COMMAND_DELETE, lease)
    found = find(conn, name)
    if found and not found["leases"]:
        with client.spoken("Removing the network %s" % name):
            network = _lookup(conn, name)
            if network.isActive():
                network.destroy()
            network.undefine()
        if found["ours"]:
            firewall.remove(network_xml.bridge_name(name))


def _update(conn: Any, name: str, command: int, lease: Mapping[str, str]) -> None:
    network = _lookup(conn, name)
    xml = network_xml.lease_xml(lease["mac"], lease["address"], lease["domain"])
    with client.spoken("Fixing the address %s in network %s" % (lease["address"], name)):
        flags = client.api().VIR_NETWORK_UPDATE_AFFECT_CONFIG
        if network.isActive():
            flags |= client.api().VIR_NETWORK_UPDATE_AFFECT_LIVE
        network.update(command, client.api().VIR_NETWORK_SECTION_IP_DHCP_HOST, -1, xml, flags)


def _lookup(conn: Any, name: str) -> Any:
    try:
        return conn.networkLookupByName(name)
    except client.api().libvirtError as error:
        if error.get_error_code() == client.api().VIR_ERR_NO_NETWORK:
            return None
        raise TwinError("Looking for network %s failed: %s." % (name, error)) from error


def _routes(name: str) -> list[dict[str, Any]]:
    """IPv4 ranges this machine reaches already, our own bridge left out."""
    routes: list[dict[str, Any]] = json.loads(check(["ip", "-json", "-4", "route", "show"], "Reading the routes of this machine") or b"[]")
    return [route for route in routes if route.get("dev") != network_xml.bridge_name(name)]
