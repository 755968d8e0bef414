# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds to units the sockets on which they wait for others, in one pass over the processes.

A socket of a service is one that a process of its control group holds. Ports of the dynamic range and addresses of one link say nothing that lasts.
"""
from __future__ import annotations

import os
import time

from ..model import Items
from .cgroups import cgroup_of, unit_of
from .sockets import ANY, LOOPBACK, OWN, Socket, dynamic_ports, held_by, tables

# Programs that hold the published ports of containers, which belong to these.
PORTS_OF_CONTAINERS = ("docker-proxy", "rootlessport", "conmon")
NO_LOGIN = "4294967295"
YOUNG = 30  # seconds during which a process that was restarted because it ended may end again


def add_listens(items: Items, missed: list[str]) -> None:
    """Complete those items (in place) that systemd.listens marked with `listens`; a sentence is added to missed where nothing can be read."""
    told = {key: item for key, item in items.items() if "listens" in item}
    if not told:
        return
    unknown = set(told)
    if os.geteuid() != 0:
        missed.append("What services listen on cannot be read by this user: run this as root (become).")
    else:
        unknown = {key for key, item in told.items() if item.get("restarts") and _age(item.get("main_pid", 0)) < YOUNG}
        ports = dynamic_ports()
        known = {inode: each for inode, each in tables().items() if each.port not in ports}
        for key, found in _held(known, told, unknown).items():
            told[key]["listens"] = _places(found, ANY, LOOPBACK)
            if _places(found, OWN):
                told[key]["listens_at"] = _places(found, OWN)
    for key in unknown:
        del told[key]["listens"]


def _held(known: dict[str, Socket], told: Items, unknown: set[str]) -> dict[str, set[Socket]]:
    """{unit: sockets}; a unit with a process that cannot be read is added to unknown."""
    by_text = {str(each): each for each in known.values()}
    found = {key: {by_text[text] for text in item["listens"] if text in by_text} for key, item in told.items()}
    services = {key for key in told if key.endswith(".service")}
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        unit = unit_of(cgroup_of(pid))
        if unit in services:
            try:
                held = held_by(pid, known)
            except PermissionError:
                unknown.add(unit)
                continue
            if held and not _is_guest(pid, told[unit].get("main_pid", 0)):
                found[unit] |= held
    return found


def _places(found: set[Socket], *places: str) -> list[str]:
    return sorted(str(each) for each in found if each.place in places)


def _is_guest(pid: int, main_pid: int) -> bool:
    """Whether a process holds a container's port, or belongs to a login or a job that a service of logins or jobs began."""
    return _read(pid, "comm") in PORTS_OF_CONTAINERS or bool(main_pid and _login(pid) != _login(main_pid))


def _login(pid: int) -> str:
    return _read(pid, "loginuid") or NO_LOGIN


def _age(pid: int) -> float:
    """Seconds since a process began; 0 where that is not known."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else None
    return 0 if began is None else time.clock_gettime(time.CLOCK_BOOTTIME) - began


def _read(pid: int, name: str) -> str:
    try:
        with open("/proc/%d/%s" % (pid, name), encoding="ascii", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""
