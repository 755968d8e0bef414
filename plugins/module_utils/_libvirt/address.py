# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a twin answers: its fixed lease, else what lease, agent and ARP table say, within a bounded time."""

from __future__ import annotations

import re
import time

from . import client, domain
from .client import Connection, Domain, Twin

AGENT_SECONDS = 5
POLL_SECONDS = 0.5
# The guest agent's answer is the twin's own words, and the address becomes a line of ssh_config.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\Z)|\Z)){4}", re.ASCII)


def find_address(conn: Connection, twin: Twin, seconds: float = 0) -> dict[str, str]:
    """{"address", "source"} of a twin's IPv4 address: its fixed lease, else lease, agent, ARP, asked until seconds are over; empty if none."""
    if twin["address"]:
        return {"address": twin["address"], "source": "fixed"}
    deadline = time.monotonic() + seconds
    while True:
        dom = client.lookup(conn, twin["domain"])
        if dom is None or not dom.isActive():
            return {"address": "", "source": ""}
        for source in ("lease", "agent", "arp"):
            found = _address_from(dom, source, twin["spec"]["mac"])
            if found:
                return {"address": found, "source": source}
        if time.monotonic() >= deadline:
            return {"address": "", "source": ""}
        time.sleep(POLL_SECONDS)


def _address_from(dom: Domain, source: str, mac: str) -> str | None:
    if source == "agent":
        if not domain.agent_connected(dom.XMLDesc()):
            return None
        dom.agentSetResponseTimeout(AGENT_SECONDS)
    number = getattr(client.api(), "VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_" + source.upper())
    try:
        links = dom.interfaceAddresses(number)
    except client.api().libvirtError:  # this source has no answer; the next one is asked
        return None
    for link in links.values():
        if (link["hwaddr"] or "").lower() == mac.lower():
            for entry in link["addrs"] or []:
                if entry["type"] == client.api().VIR_IP_ADDR_TYPE_IPV4 and _IPV4.fullmatch(str(entry["addr"])):
                    return str(entry["addr"])
    return None
