# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plain tools say of a machine, as tables: commands, and pure functions that read their answers.

A table is {key: value}; keys are those of the report where it has such items. Bytes that are not UTF-8 become surrogate escapes, as in the report.
"""
from __future__ import annotations

import re
from typing import Callable, NamedTuple

ROOTS = "/etc /usr/local /opt"
SEPARATOR = "%%%%"  # a line between the answers of two commands
UNIT_PROPERTIES = (
    "Id", "LoadState", "ActiveState", "UnitFileState", "FragmentPath", "DropInPaths", "User", "EnvironmentFiles", "NeedDaemonReload",
    "Type", "RemainAfterExit", "Transient", "TriggeredBy", "WantedBy", "RequiredBy", "BusName",
)
MOVING = {"activating": "active", "reloading": "active", "deactivating": "inactive"}
DYNAMIC = "dynamic"  # stands for a port from the range that the kernel gives out


class Reading(NamedTuple):
    """What is asked and how the answer is read."""

    command: str
    parse: Callable


def _lines(answer):
    return answer.decode("utf-8", "surrogateescape").splitlines()


def rows(answer):
    """Lines KEY<tab>VALUE."""
    return dict(line.partition("\t")[::2] for line in _lines(answer))


def accounts(answer):
    """Lines of passwd and group, each with user: or group: before it; the order of members means nothing."""
    table = {}
    for line in _lines(answer):
        key, rest = ":".join(line.split(":")[:2]), line.split(":")[3:]
        if key.startswith("group:"):
            rest = [rest[0], *sorted(rest[1].split(","))]
        table[key] = ":".join(rest)
    return table


def files(answer):
    """find's NUL-separated triples of path, facts and target, then sha256sum -z."""
    listed, _mark, sums = answer.partition(b"%%%%\0")
    words = [word.decode("utf-8", "surrogateescape") for word in listed.split(b"\0")[:-1]]
    table = {path: facts + (" -> " + target if facts.startswith("l") else "") for path, facts, target in zip(words[::3], words[1::3], words[2::3])}
    # the mode of a link means nothing
    table = {path: re.sub(r"^l \d+", "l", facts) for path, facts in table.items()}
    for line in sums.split(b"\0")[:-1]:
        digest, path = line.decode("utf-8", "surrogateescape").split("  ", 1)
        table[path] = table.get(path, "gone") + " " + digest
    return table


def units(answer):
    """systemctl show of what is loaded, then list-unit-files; a unit that is not loaded is inactive."""
    shown, _mark, listed = answer.decode("utf-8", "surrogateescape").partition(SEPARATOR + "\n")
    loaded = {}
    for block in shown.split("\n\n"):
        unit = {}
        for line in block.splitlines():
            name, _equals, value = line.partition("=")
            unit[name] = unit[name] + " " + value if name in unit else value
        if unit.get("Id"):
            loaded[unit["Id"]] = unit
    table = {name: _unit(unit) for name, unit in loaded.items() if unit.get("LoadState") != "not-found" and unit.get("Transient") != "yes"}
    for line in listed.splitlines():
        name, state = line.split()[:2]
        if name not in table and state != "alias":
            table[name] = {"ActiveState": "inactive", "UnitFileState": state}
    return table


def _unit(unit):
    """The facts of one unit that two machines can be held to."""
    facts = {name: unit.get(name, "") for name in ("UnitFileState", "DropInPaths", "User", "EnvironmentFiles", "NeedDaemonReload")}
    facts["FragmentPath"] = re.sub("^/lib/", "/usr/lib/", unit.get("FragmentPath", ""))
    oneshot = unit.get("Type") == "oneshot" and unit.get("RemainAfterExit") != "yes"
    state = unit.get("ActiveState", "")
    on_demand = unit["Id"].endswith(".service") and not unit.get("WantedBy") and not unit.get("RequiredBy") and (unit.get("TriggeredBy") or unit.get("BusName"))
    if not on_demand:
        facts["ActiveState"] = ("inactive" if oneshot else MOVING[state]) if state in MOVING else state
    return facts


def listening(answer):
    """{"tcp 0.0.0.0:22": "ssh.service"}: ss, pids with their units, and the range of ports that the kernel gives out."""
    sockets, processes, ports = answer.decode("utf-8", "replace").split(SEPARATOR + "\n")
    unit_of = dict(line.split(None, 1) for line in processes.splitlines() if len(line.split(None, 1)) == 2)
    low, high = map(int, ports.split())
    table = {}
    for line in sockets.splitlines():
        protocol, _state, _receive, _send, local = line.split()[:5]
        address, _colon, port = local.rpartition(":")
        owners = {unit_of.get(pid, "pid " + pid).strip() for pid in re.findall(r"pid=(\d+)", line)} or {"nobody"}
        if low <= int(port) <= high:
            # whose it is tells sockets of random ports apart
            local = "%s:%s of %s" % (address, DYNAMIC, " ".join(sorted(owners)))
        table[protocol + " " + local] = " ".join(sorted(owners | set(table.get(protocol + " " + local, "").split())))
    return table


def capabilities(answer):
    """getcap -r: `/path cap_x=ep`."""
    return dict(line.rsplit(" ", 1) for line in _lines(answer) if " " in line)


def acls(answer):
    """getfacl -R -s -p -c -n per file: blocks that begin with `# file: PATH`."""
    blocks = [block.splitlines() for block in answer.decode("utf-8", "surrogateescape").split("\n\n") if block.strip()]
    return {block[0].partition(": ")[2]: " ".join(sorted(block[1:])) for block in blocks if block[0].startswith("# file: ")}


def crontabs(answer):
    """Lines USER<tab>LINE, several of one user."""
    table = {}
    for line in _lines(answer):
        user, _tab, entry = line.partition("\t")
        table.setdefault(user, []).append(entry)
    return {user: "\n".join(entries) for user, entries in table.items()}


READINGS = {
    "packages": Reading("dpkg-query -W -f '${Package}:${Architecture}\t${Version} ${db:Status-Abbrev}\n'", rows),
    "accounts": Reading("getent passwd | sed 's/^/user:/'; getent group | sed 's/^/group:/'", accounts),
    "files": Reading(
        rf"find {ROOTS} -xdev -printf '%p\0%y %m %u %g\0%l\0'; printf '%%%%%%%%\0'; find {ROOTS} -xdev -type f -print0 | xargs -0 sha256sum -z", files),
    "units": Reading(
        "systemctl show --all --no-pager --property=" + ",".join(UNIT_PROPERTIES) + " -- '*.service' '*.socket' '*.timer' '*.path' '*.target'; "
        f"echo {SEPARATOR}; systemctl list-unit-files --full --no-legend --no-pager", units),
    "listening": Reading(
        f"ss -Hltnup; echo {SEPARATOR}; ps -e -o pid= -o unit=; echo {SEPARATOR}; cat /proc/sys/net/ipv4/ip_local_port_range", listening),
    "capabilities": Reading(f"getcap -r {ROOTS} /usr/bin /usr/sbin /usr/lib 2>/dev/null", capabilities),
    "acls": Reading(f"getfacl -R -s -p -n {ROOTS} 2>/dev/null | grep -v -e '^# owner' -e '^# group' -e '^# flags'", acls),
    "crontabs": Reading("getent passwd | cut -d: -f1 | while read -r user; do crontab -l -u \"$user\" 2>/dev/null | sed \"s/^/$user\t/\"; done", crontabs),
}


# Asks one address for a page and prints the first line of what it says; a server that ends the connection first has answered by nothing.
ASK = r"""
ask() {
    printf '%s\t%s\n' "$1" "$(timeout 20 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 1; trap "" PIPE; printf "HEAD / HTTP/1.0\r\n\r\n" >&3
        timeout 5 head -n 1 <&3 | tr -cd "[:print:]"; exit 0' "$2" "$3" 2>/dev/null || echo no answer)"
}
"""


def request(sockets):
    """The command that asks each listening TCP port for a page; its answer is read by rows()."""
    asks = []
    for key in sorted(sockets):
        protocol, _blank, local = key.partition(" ")
        address, _colon, port = local.rpartition(":")
        if protocol == "tcp" and port.isdigit():
            address = address.partition("%")[0].strip("[]")
            asks.append("ask '%s' '%s' %s\n" % (key, {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(address, address), port))
    return ASK + "".join(asks)
