# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Table of changes to the host, each with a plain command that compares both machines.

The demo shows the changes, the integration tests and the benchmarks run them. Every command is a shell line.
"""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    title: str
    change: str
    probe: str  # must print the same on host and twin afterwards, and something else on the host before


_UNIT = """cat > /etc/systemd/system/shop-cache.service <<'END'
[Unit]
Description=Shop cache, added by the demo
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl -q enable --now shop-cache.service"""

CHANGES = [
    Change(
        "Edit a virtual host and reload nginx",
        "sed -i '/server_name shop.example/a add_header X-Shop-Edition autumn always;' /etc/nginx/sites-available/shop && systemctl reload nginx",
        "curl -si http://127.0.0.1:8080/ | grep -i -e '^HTTP' -e '^X-Shop'",
    ),
    Change("Add a unit", _UNIT, "systemctl show shop-cache.service -p LoadState -p ActiveState -p UnitFileState -p Description"),
    Change(
        "Edit a drop-in and restart its service",
        "sed -i '$a Nice=7' /etc/systemd/system/shopd.service.d/limits.conf && systemctl daemon-reload && systemctl restart shopd",
        "systemctl show shopd.service -p ActiveState -p Nice -p DropInPaths",
    ),
    Change(
        "Change a setting in an environment file",
        "sed -i 's/^GREETING=.*/GREETING=Welcome back/' /etc/default/shopd && systemctl restart shopd",
        "systemctl show shopd.service -p ActiveState; sha256sum /etc/default/shopd; "
        "tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID shopd)/environ | grep ^GREETING",
    ),
    Change(
        "Stop and disable a service",
        "systemctl -q disable --now redis-server",
        "systemctl show redis-server.service -p ActiveState -p UnitFileState",
    ),
    Change("Install a package", "apt-get update -qq && apt-get install -qqy --no-install-recommends bc >/dev/null", "dpkg-query -W bc; echo '6*7' | bc"),
    Change("Remove a package", "apt-get purge -qy bc >/dev/null 2>&1", "dpkg-query -W bc 2>&1; test ! -e /usr/bin/bc; echo $?"),
    Change(
        "Add a user and a group",
        "groupadd --gid 4242 auditors && useradd --create-home --uid 4243 --gid auditors --shell /bin/sh --comment 'Bob Example' bob",
        "getent passwd bob; getent group auditors; id bob; stat -c '%U %G %a' /home/bob",
    ),
    Change("Change a mode and an owner", "chmod 0640 /etc/default/shopd && chown root:shopd /etc/default/shopd", "stat -c '%A %U %G' /etc/default/shopd"),
    Change("Delete a file", "rm /etc/cron.d/shop", "stat -c %n /etc/cron.d/shop 2>&1"),
]
