# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twins' network as a plain value: isolated, with one fixed lease per twin. Pure: text in, text out."""

from __future__ import annotations

import hashlib
import ipaddress
import xml.etree.ElementTree as ET
from typing import Any, Iterable, Mapping, TypedDict

from .._base.errors import TwinError
from .metadata import tag

FIRST_LEASE = 10  # addresses below are the hypervisor's
INTERFACE_NAME_LIMIT = 15


class NetworkSpec(TypedDict):
    """What a network's XML says: subnet is "a.b.c.d/n" or None, leases are {mac: address}."""

    ours: bool
    subnet: str | None
    leases: dict[str, str]


def bridge_name(network: str) -> str:
    """The bridge of a network of ours: readable where the kernel's limit on interface names allows it."""
    name = network + "0"
    if len(name) <= INTERFACE_NAME_LIMIT and name.isalnum():
        return name
    return "st" + hashlib.sha256(network.encode("utf-8")).hexdigest()[:10]


def build(network: str, subnet: str) -> str:
    """Network XML: no <forward> (isolated), no DNS (a resolver would be a way out), leases only for known twins."""
    span = parse_subnet(subnet)
    root = ET.Element("network")
    ET.SubElement(root, "name").text = network
    ET.SubElement(ET.SubElement(root, "metadata"), tag("network"), {"format": "1"})
    ET.SubElement(root, "bridge", {"name": bridge_name(network), "stp": "off", "delay": "0"})
    ET.SubElement(root, "dns", {"enable": "no"})
    address = ET.SubElement(root, "ip", {"address": str(span[1]), "prefix": str(span.prefixlen)})
    dhcp = ET.SubElement(address, "dhcp")
    ET.SubElement(dhcp, "range", {"start": str(span[FIRST_LEASE]), "end": str(span[-2])})
    return ET.tostring(root, encoding="unicode")


def read(text: str) -> NetworkSpec:
    """What a network's XML says."""
    root = ET.fromstring(text)
    address = root.find("ip")
    subnet = None
    if address is not None and ":" not in address.get("address", ":"):
        size = address.get("prefix") or address.get("netmask") or "24"
        subnet = str(ipaddress.ip_network("%s/%s" % (address.get("address"), size), strict=False))
    leases = ((host.get("mac"), host.get("ip")) for host in root.iterfind("ip/dhcp/host"))
    return {
        "ours": root.find("metadata/" + tag("network")) is not None,
        "subnet": subnet,
        "leases": {mac: address for mac, address in leases if mac and address},
    }


def lease_xml(mac: str, address: str, name: str) -> str:
    """The DHCP host entry of one twin."""
    return ET.tostring(ET.Element("host", {"mac": mac, "name": name, "ip": address}), encoding="unicode")


def choose_address(subnet: str, mac: str, leases: Mapping[str, str], before: str = "") -> str:
    """The twin's address: its lease, else the one it had before if that is free, else the first free one from a place its MAC decides."""
    if mac in leases:
        return leases[mac]
    span = parse_subnet(subnet)
    taken = set(leases.values())
    if before and before not in taken and ipaddress.ip_address(before) in span:
        return before
    room = span.num_addresses - 1 - FIRST_LEASE
    start = int(hashlib.sha256(mac.encode("ascii")).hexdigest(), 16) % room
    for step in range(room):
        candidate = str(span[FIRST_LEASE + (start + step) % room])
        if candidate not in taken:
            return candidate
    raise TwinError("Network range %s has no free address left: remove a twin or use another network." % subnet)


def clash(subnet: str, routes: Iterable[Mapping[str, Any]]) -> str | None:
    """The sentence to refuse a range with, or None; routes are {"dst", "dev"} as ip -json prints them."""
    span = parse_subnet(subnet)
    for route in routes:
        if route["dst"] == "default":
            continue
        other = ipaddress.ip_network(route["dst"], strict=False)
        if other.version == 4 and span.overlaps(other):
            return "The twins' range %s overlaps %s, already reached through %s: choose another with the option subnet." % (
                span,
                other,
                route.get("dev", "a route"),
            )
    return None


def parse_subnet(subnet: str) -> ipaddress.IPv4Network:
    """An IPv4 range large enough for twins, as an ip_network."""
    try:
        span = ipaddress.IPv4Network(subnet)
    except ValueError as wrong:
        raise TwinError("subnet %r is not an IPv4 range such as 10.62.22.0/24: %s." % (subnet, wrong)) from wrong
    if span.num_addresses < 2 * FIRST_LEASE:
        raise TwinError("subnet %s is too small: give at least a /27." % subnet)
    return span
