# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the load of the machine from /proc (telemetry).

Counters count since boot: two readings give a rate.
"""
from __future__ import annotations

import os
import re
from typing import Any

from ..._base.codec import text
from ..context import Context
from ..hardware.collect import parse_meminfo

MEMORY = {
    "total": "MemTotal", "available": "MemAvailable", "free": "MemFree", "cached": "Cached", "swap_total": "SwapTotal",
    "swap_free": "SwapFree",
}
CPU = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
WHOLE_DISK = re.compile(r"(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)\Z")


def collect_telemetry(context: Context) -> dict[str, Any]:
    """{"load_average": [of 1, 5, 15 minutes], "uptime_seconds", and what the parsers below give}."""
    def read(path: str) -> str:
        return text(context.read(path) or b"")

    return {
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "uptime_seconds": float((read("/proc/uptime").split() or ["0"])[0]),
        "cpu_seconds": parse_cpu(read("/proc/stat"), os.sysconf("SC_CLK_TCK")),
        "memory_bytes": parse_memory(read("/proc/meminfo")),
        "disks": parse_disks(read("/proc/diskstats")),
        "nics": parse_nics(read("/proc/net/dev")),
        "sockets": parse_sockets(read("/proc/net/sockstat") + read("/proc/net/sockstat6"), os.sysconf("SC_PAGE_SIZE")),
        "pressure": {name: parse_pressure(_pressure(context, name)) for name in ("cpu", "memory", "io")},
    }


def parse_cpu(content: str, ticks: int) -> dict[str, float]:
    """{state: seconds} of all processors together, from /proc/stat; ticks is the number of ticks per second."""
    row = next((line.split()[1:] for line in content.splitlines() if line.startswith("cpu ")), [])
    return {name: round(int(value) / ticks, 2) for name, value in zip(CPU, row)}


def parse_memory(content: str) -> dict[str, int]:
    """{name: bytes} of /proc/meminfo."""
    values = parse_meminfo(content)
    return {name: values[key] for name, key in MEMORY.items() if key in values}


def parse_disks(content: str) -> dict[str, dict[str, float]]:
    """{disk: {"read_bytes", "written_bytes", "busy_seconds"}} of /proc/diskstats, whole disks only."""
    rows = (line.split() for line in content.splitlines())
    return {
        row[2]: {"read_bytes": int(row[5]) * 512, "written_bytes": int(row[9]) * 512, "busy_seconds": int(row[12]) / 1000}
        for row in rows if len(row) > 12 and WHOLE_DISK.match(row[2])
    }


def parse_nics(content: str) -> dict[str, dict[str, int]]:
    """{interface: {"received_bytes", "sent_bytes", "errors", "dropped"}} of /proc/net/dev."""
    found = {}
    for line in content.splitlines()[2:]:
        name, _colon, rest = line.partition(":")
        row = [int(value) for value in rest.split()]
        found[name.strip()] = {
            "received_bytes": row[0], "sent_bytes": row[8], "errors": row[2] + row[10], "dropped": row[3] + row[11],
        }
    return found


def parse_sockets(content: str, page: int) -> dict[str, dict[str, int]]:
    """{"tcp", "tcp6", "udp", …: {"inuse", "tw" (closed a moment ago), "memory_bytes", …: number}} of /proc/net/sockstat and sockstat6; page: bytes."""
    found: dict[str, dict[str, int]] = {}
    for line in content.splitlines():
        name, _colon, rest = line.partition(":")
        numbers = {key: int(value) for key, value in re.findall(r"(\w+) (\d+)", rest)}
        if "mem" in numbers:  # in pages, while that of fragments is in bytes
            numbers["memory_bytes"] = numbers.pop("mem") * page
        elif "memory" in numbers:
            numbers["memory_bytes"] = numbers.pop("memory")
        found[name.lower()] = numbers
    return found


def parse_pressure(content: str) -> dict[str, dict[str, float]]:
    """{"some" or "full": {"avg10", "avg60", "avg300": percent, "total": microseconds}} of a file in /proc/pressure."""
    found = {}
    for line in content.splitlines():
        kind, *pairs = line.split()
        values = dict(pair.split("=") for pair in pairs)
        found[kind] = {name: int(value) if name == "total" else float(value) for name, value in values.items()}
    return found


def _pressure(context: Context, name: str) -> str:
    try:
        return text(context.read("/proc/pressure/" + name) or b"")
    except OSError:  # the kernel supports pressure information, but it was disabled at boot
        return ""
