# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the sockets on which processes wait for others: TCP sockets that listen, UDP sockets that are bound and not connected.

The kernel's tables list the sockets of one network namespace. What a process listens on in another one is not in them, and is not read.
"""
from __future__ import annotations

import os
import re
import socket
import struct
from typing import Iterable, Mapping, NamedTuple

TABLES = ("tcp", "tcp6", "udp", "udp6")
# Rows `SLOT: ADDRESS:PORT PEER:PORT STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE …` in state 0A (LISTEN), of UDP 07 (not connected).
ROW = r"^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} %s \S+ \S+ \S+ +\d+ +\d+ (\d+)\b"
ROWS = {"tcp": re.compile(ROW % "0A", re.MULTILINE), "udp": re.compile(ROW % "07", re.MULTILINE)}
RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
USUAL_RANGE = (32768, 60999)
# Where an address is: anywhere, on this machine only, on one link only, or one of this machine's own.
ANY, LOOPBACK, LINK, OWN = "any", "loopback", "link", "own"
MAPPED = bytes(10) + b"\xff\xff"  # how the IPv6 address of an IPv4 address begins


class Socket(NamedTuple):
    """A socket that waits; place is one of ANY, LOOPBACK, LINK and OWN."""

    protocol: str
    address: str
    port: int
    place: str

    def __str__(self) -> str:
        return "%s %s:%d" % (self.protocol, "[%s]" % self.address if ":" in self.address else self.address, self.port)


def tables() -> dict[str, Socket]:
    """{inode: Socket} of the sockets in the tables of this network namespace."""
    found: dict[str, Socket] = {}
    for name in TABLES:
        try:
            with open("/proc/net/" + name, encoding="ascii", errors="replace") as stream:
                found.update(parse(stream.read(), name[:3]))
        except FileNotFoundError:  # a kernel without IPv6
            continue
    return found


def parse(table: str, protocol: str) -> dict[str, Socket]:
    """{inode: Socket} of a table; protocol is tcp or udp."""
    rows = ROWS[protocol].findall(table)
    return {inode: _socket(protocol, address, int(port, 16)) for address, port, inode in rows}


def _socket(protocol: str, written: str, port: int) -> Socket:
    words = len(written) // 8
    packed = struct.pack("=%dI" % words, *struct.unpack(">%dI" % words, bytes.fromhex(written)))  # each word is in the machine's own order
    address = socket.inet_ntop(socket.AF_INET6 if words == 4 else socket.AF_INET, packed)
    return Socket(protocol, address, port, _place(packed[12:] if packed.startswith(MAPPED) else packed))


def _place(packed: bytes) -> str:
    if not any(packed):
        return ANY
    if packed[0] == 127 if len(packed) == 4 else packed == bytes(15) + b"\x01":
        return LOOPBACK
    return LINK if len(packed) == 16 and packed[0] == 0xFE and packed[1] & 0xC0 == 0x80 else OWN


def dynamic_ports() -> range:
    """The ports that the kernel gives to sockets that ask for none."""
    try:
        with open(RANGE, encoding="ascii") as stream:
            first, last = map(int, stream.read().split())
    except (OSError, ValueError):
        first, last = USUAL_RANGE
    return range(first, last + 1)


def by_process(known: Mapping[str, Socket], pids: Iterable[int]) -> dict[int, set[Socket]]:
    """{pid: the known sockets that it holds}, without processes that hold none or belong to another user."""
    found: dict[int, set[Socket]] = {}
    for pid in pids:
        try:
            held = held_by(pid, known)
        except PermissionError:
            continue
        if held:
            found[pid] = held
    return found


def held_by(pid: int, known: Mapping[str, Socket]) -> set[Socket]:
    """The known sockets that a process has open, none where it is gone; PermissionError where it belongs to another user."""
    base = "/proc/%d/fd/" % pid
    found: set[Socket] = set()
    try:
        names = os.listdir(base)
    except (FileNotFoundError, ProcessLookupError):
        return found
    for name in names:
        try:
            target = os.readlink(base + name)
        except (FileNotFoundError, ProcessLookupError):  # closed meanwhile
            continue
        if target.startswith("socket:[") and target[8:-1] in known:
            found.add(known[target[8:-1]])
    return found
