# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what plain tools say of a host and of its twin with the report about the twin; pure but for the questions of the last part.

A difference that the report does not name is a fault of the report, and so is a reason whose cause is not true.
"""
from __future__ import annotations

import base64
import fnmatch
import re
import shlex
from typing import Callable, NamedTuple

# No items, by design: generated from others, backups, what another scope models, what the collection brings to make a machine a twin.
NO_FILES = (
    "/etc/*-", "/etc/.pwd.lock", "/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid", "/etc/ld.so.cache", "/etc/ssl/certs/*", "/etc/mailcap", "/etc/mtab",
    "/etc/.updated", "/etc/udev/hwdb.bin", "/etc/alternatives/README", "/etc/safetytwin", "/etc/safetytwin/*", "/etc/systemd/system/*safetytwin-*",
)
NO_UNITS = (
    "session-*", "*.device", "*.slice", "*.scope", "*.mount", "*.swap", "*.automount", "user@*", "user-runtime-dir@*", "modprobe@*", "systemd-fsck*",
    "systemd-growfs*", "safetytwin-*",
)
# What no scope reads: the tool whose differences a row of the status screen names, and the words of that row.
NOT_READ = {"capabilities": "file capabilities", "acls": "access control lists", "crontabs": "crontabs"}
# Sockets are judged by the units that own them; the twin's own network asks for its address.
OWNED = ("listening", "answers")
NO_OWNERS = ("systemd-networkd.service",)
UNREAD_SOCKETS = "sockets of the kernel and of login sessions, and dynamic ports"
SCOPE_OF = {"packages": "packages", "accounts": "accounts", "files": "files", "units": "services"}
# Files that are secret by what they are for, whatever they hold, and words that make others secret.
SECRET_PATHS = ("/etc/shadow", "/etc/gshadow", "/etc/security/opasswd", "/etc/mosquitto/pwfile*")
SECRET = r"passw|secret|token|PRIVATE KEY|\$[0-9a-z]+\$|stats auth"
IDENTITY = (
    "/etc/hostname", "/etc/machine-id", "/etc/ssh/ssh_host_*", "/etc/resolv.conf", "/etc/network", "/etc/network/*", "/etc/systemd/network",
    "/etc/systemd/network/*", "/etc/NetworkManager", "/etc/NetworkManager/*", "/etc/fstab", "/etc/initramfs-tools", "/etc/initramfs-tools/*",
    "/etc/kernel", "/etc/kernel/*", "/etc/ssl/*/ssl-cert-snakeoil.*", "/etc/grub.d/*", "/etc/default/grub*", "*getty*", "*.mount", "*.swap",
)
# A command for each kind of hardware, whose answer is another one where the reason is true.
HARDWARE = {
    "cpu": "grep -c ^processor /proc/cpuinfo; grep -m 1 'model name' /proc/cpuinfo", "memory": "grep MemTotal /proc/meminfo", "kernel": "uname -rv",
    "virtualization": "systemd-detect-virt", "firmware": "cat /sys/class/dmi/id/bios_v*", "distribution": "uname -rv",
    "disk": "cat /sys/block/{name}/size /sys/block/{name}/device/model", "nic": "cat /sys/class/net/{name}/address",
    "filesystem": "findmnt -no SOURCE,SIZE {name}",
}


class Difference(NamedTuple):
    """One row of a table that is not the same on both machines; None: it is not there."""

    tool: str
    key: str
    host: object
    twin: object


def inward(key):
    """A key of the report as the tables have it: what is no valid text is shown in base64."""
    return base64.b64decode(key["b64"]).decode("utf-8", "surrogateescape") if isinstance(key, dict) else key


def differences(host, twin):
    """All rows of two machines' {tool: table} that are not the same."""
    return [
        Difference(tool, key, host[tool].get(key), twin[tool].get(key))
        for tool in host for key in sorted(host[tool].keys() | twin[tool].keys()) if not _alike(host[tool].get(key), twin[tool].get(key))
    ]


def _alike(host, twin):
    """Equal rows; of a unit that is loaded on one machine only, what both tell."""
    if not isinstance(host, dict) or not isinstance(twin, dict):
        return host == twin
    return all(host[name] == twin[name] for name in host.keys() & twin.keys())


def named(report):
    """{scope: {key: reason}} of what the report calls not as on the host, and of what it says only the twin has."""
    found = {}
    for row in report["exceptions"] + report["extras"]:
        found.setdefault(row["scope"], {})[inward(row["key"])] = row["reason"]
    return found


def unnamed(found, report, screen, host, twin):
    """The differences that neither the report names nor the status screen counts among what is not read."""
    names = named(report)
    return [each for each in found if not _is_named(each, names, screen, host, twin)]


def _is_named(each, names, screen, host, twin):
    if each.tool in NOT_READ:
        return NOT_READ[each.tool] in screen
    if each.tool in OWNED:
        owners = " ".join(table["listening"].get(each.key, "") for table in (host, twin)).split()
        unread = "nobody" in owners or ":dynamic of " in each.key
        return (unread and UNREAD_SOCKETS in screen) or any(unit in names.get("services", {}) or unit in NO_OWNERS for unit in owners)
    if each.host is None and each.tool in ("files", "units") and _matches(each.key, IDENTITY):
        return True  # the twin's own identity
    if each.tool == "units" and each.key.endswith(".target") and each.host is None and each.twin["UnitFileState"] == "static":
        return True  # a target that nobody enabled is no item
    if (each.tool == "units" and _matches(each.key, NO_UNITS)) or (each.tool == "files" and _matches(each.key, NO_FILES)):
        return True
    mine = names.get(SCOPE_OF[each.tool], {})
    # a tree that is left out is named by its top
    return each.key in mine or (each.tool == "files" and any(each.key.startswith(key + "/") for key in mine))


def _matches(key, patterns):
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)


class Machines(NamedTuple):
    """Tables of both machines, and functions that run a shell line on either and return its words."""

    host: dict
    twin: dict
    on_host: Callable
    on_twin: Callable


def untrue(report, machines):
    """The rows of the report whose cause plain tools do not find, as sentences."""
    found = []
    for row in report["exceptions"] + report["extras"]:
        code, _colon, detail = row["reason"].partition(":")
        cause = CAUSES.get(code)
        key = inward(row["key"])
        if cause is None:
            found.append(f"{row['scope']} {key!r}: nothing here checks the cause of {row['reason']}")
        elif not cause(row["scope"], key, detail.strip(), machines):
            found.append(f"{row['scope']} {key!r}: {row['reason']} is not true")
    return found


def _tables(scope, key, machines):
    """What both machines' tables have of an item."""
    tool = next(tool for tool, of in SCOPE_OF.items() if of == scope)
    return machines.host[tool].get(key), machines.twin[tool].get(key)


def _differs(scope, key, _detail, machines):
    """Both machines have something else: of hardware by its own command, of the rest by the tables; sockets are a part of a unit."""
    if scope == "hardware":
        kind, _colon, name = key.partition(":")
        ask = HARDWARE[kind].format(name=shlex.quote(name))
        return machines.on_host(ask) != machines.on_twin(ask)
    return not _alike(*_tables(scope, key, machines))


def _listens(_scope, key, _detail, machines):
    """The unit's sockets are not the same on both machines."""
    host, twin = ([socket for socket, owners in tables["listening"].items() if key in owners.split()] for tables in (machines.host, machines.twin))
    return sorted(host) != sorted(twin)


def _address(_scope, _key, detail, machines):
    """The twin has no such address."""
    addresses = [six or four for six, four in re.findall(r" (?:\[([0-9a-f:]+)\]|([0-9.]+)):\d+", " " + detail)]
    return bool(addresses) and not set(addresses) & set(machines.on_twin("ip -o address | tr -s ' ' | cut -d ' ' -f 4 | cut -d / -f 1").split())


def _secret(scope, key, _detail, machines):
    """The host's file has such a word, and the twin has not that content."""
    if scope == "services":
        key = machines.on_host("systemctl show -P FragmentPath -- " + shlex.quote(key))
    if _matches(key, SECRET_PATHS):
        return True
    host, twin = machines.host["files"].get(key), machines.twin["files"].get(key)
    return host != twin and machines.on_host(f"grep -aciE {shlex.quote(SECRET)} {shlex.quote(key)}").strip() not in ("", "0")


def _identity(_scope, key, _detail, _machines):
    return _matches(key, IDENTITY)


def _condition(_scope, key, _detail, machines):
    """The condition holds on one of the two only."""
    ask = "systemctl show -P ConditionResult -P ActiveState -- " + shlex.quote(key)
    return machines.on_host(ask) != machines.on_twin(ask)


def _needs(_scope, _key, detail, machines):
    """What it depends on is not in the twin as the host has it."""
    kind, _blank, name = detail.partition(" ")
    if kind == "package":
        return any(machines.host["packages"][row] != machines.twin["packages"].get(row) for row in machines.host["packages"] if row.startswith(name + ":"))
    path = re.sub(r" and \d+ more$", "", detail)
    return path.startswith("/") and machines.host["files"].get(path) != machines.twin["files"].get(path)


def _offered(key, machines):
    """Versions of a package that the host's own apt finds in its repositories."""
    said = machines.on_host("apt-cache madison -- " + shlex.quote(key.rpartition(":")[0]))
    return [line.split("|")[1].strip() for line in said.splitlines() if line.count("|") == 2]


def _gone(_scope, key, _detail, machines):
    """Repositories have the package and not the host's version."""
    offered = _offered(key, machines)
    return bool(offered) and machines.host["packages"][key].split()[0] not in offered


def _unavailable(_scope, key, _detail, machines):
    return not _offered(key, machines)


def _special(_scope, key, _detail, machines):
    return machines.host["files"].get(key, "").startswith(("p ", "s ", "b ", "c "))


def _extra(scope, key, _detail, machines):
    """The twin has it and the host does not."""
    host, twin = _tables(scope, key, machines)
    return host is None and twin is not None


CAUSES = {
    "secret_excluded": _secret, "identity": _identity, "condition_differs": _condition, "needs_excluded": _needs, "twin_substrate": _differs,
    "hardware_capped": _differs, "hardware_absent": _differs, "package_version_gone": _gone, "package_unavailable": _unavailable, "special_file": _special,
    "twin_extra": _extra, "listens_differ": _listens, "address_absent": _address,
}
