# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisor's firewall at a bridge of twins: a twin reaches the DHCP server and what the hypervisor has opened to it, and nothing else.

It is an nftables table of its own for each bridge. Tables of others still hold: accepting here does not accept there.
"""
from __future__ import annotations

from .._base.errors import TwinError
from .._base.run import last_words, run

# Declared first, so that deleting it does not fail where it is missing; nft applies all of it at once or nothing.
_TABLE = """
table inet {table} {{}}
delete table inet {table}
table inet {table} {{
    chain input {{
        type filter hook input priority filter - 10; policy accept;
        iifname "{bridge}" ct state established,related accept
        iifname "{bridge}" meta nfproto ipv4 udp sport 68 udp dport 67 accept
        iifname "{bridge}" drop
    }}
    chain forward {{
        type filter hook forward priority filter - 10; policy accept;
        iifname "{bridge}" drop
        oifname "{bridge}" drop
    }}
}}
"""


def close(bridge: str) -> None:
    """Have the table of a bridge (see network_xml.bridge_name) in force; the bridge may be missing yet."""
    _nft(_TABLE.format(table=_table(bridge), bridge=bridge), "close the bridge %s to the twins" % bridge)


def remove(bridge: str) -> None:
    """Have no table of this bridge."""
    _nft("table inet {0} {{}}\ndelete table inet {0}\n".format(_table(bridge)), "remove the firewall table of the bridge %s" % bridge)


def _table(bridge: str) -> str:
    return "safetytwin_" + bridge


def _nft(script: str, doing: str) -> None:
    done = run(["nft", "-f", "-"], stdin=script.encode("ascii"))
    if done.rc == 127:
        raise TwinError("The hypervisor could not %s: nft is missing, and without it twins reach its services. Install the package nftables." % doing)
    if done.rc:
        raise TwinError("The hypervisor could not %s: %s" % (doing, last_words(done.err)))
