# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates the lab's bridge, with fixed addresses, a dnsmasq for names, and a route to the package sources."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from .shell import RUN, alive, run, say, stop

BRIDGE = "stlab0"
GATEWAY = "10.233.0.1"
NETWORK = "10.233.0.0/24"
FIRST_HOST = 11

RULES = f"""
table ip safetytwin_lab
delete table ip safetytwin_lab
table ip safetytwin_lab {{
    chain postrouting {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {NETWORK} ip daddr != {NETWORK} masquerade
    }}
}}
"""
DNSMASQ = RUN / "dnsmasq.pid"


def up() -> None:
    """Create the network. It is idempotent: a bridge, rules or a dnsmasq of a killed run are reused or replaced."""
    RUN.mkdir(parents=True, exist_ok=True)
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    addresses = json.loads(run(["ip", "-j", "-4", "address", "show", "dev", BRIDGE]).stdout)
    if GATEWAY not in {entry["local"] for link in addresses for entry in link.get("addr_info", [])}:
        run(["ip", "address", "replace", f"{GATEWAY}/24", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    rules = RUN / "rules.nft"
    rules.write_text(RULES)
    run(["nft", "-f", rules])
    if not alive(DNSMASQ, "dnsmasq"):
        # this machine's own idea of names, /etc/hosts included, is what lab hosts see
        run(["setsid", "dnsmasq", "--conf-file=/dev/null", f"--pid-file={DNSMASQ}", f"--interface={BRIDGE}", "--except-interface=lo",
             "--bind-interfaces", "--user=nobody", "--cache-size=200"])


def down() -> None:
    pid = alive(DNSMASQ, "dnsmasq")
    if pid:
        stop(pid, "the lab's dnsmasq", signal.SIGTERM)
    run(["nft", "delete", "table", "ip", "safetytwin_lab"], check=False)
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        run(["ip", "link", "delete", BRIDGE])
        say("network: bridge removed")
