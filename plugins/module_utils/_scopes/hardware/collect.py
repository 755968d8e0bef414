# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the hardware from /proc, /sys and os-release.

Keys: `cpu`, `memory`, `disk:NAME`, `filesystem:MOUNTPOINT`, `nic:NAME`, `firmware`, `virtualization`, `kernel`,
`distribution`.
"""
from __future__ import annotations

import os
import re
import socket
import sys
from typing import Any, Iterator

from ..context import Context
from ..model import Body, Item, Items

try:
    import psutil
except ImportError:  # without it the addresses of network interfaces are unknown
    psutil = None

from ..._base.codec import text
from ..._base.interpreter import advice
from ..._base.machine import parse_os_release
from ..._base.run import run
from ..._secrets.redact import redact_text
from ..context import result

# Block devices without a medium of their own, and file systems that hold no data or exist only while a program uses them.
VIRTUAL_DISKS = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|zd)\d*")
PSEUDO = {
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl",
    "hugetlbfs", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "squashfs", "sysfs",
    "tmpfs", "tracefs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse",
}
EPHEMERAL = (
    "/run/", "/proc/", "/sys/", "/dev/", "/snap/", "/var/lib/docker/", "/var/lib/containers/", "/var/lib/containerd/",
)


def collect(context: Context) -> Body:
    """Read the scope `hardware`."""
    items = {
        "cpu": _cpu(context),
        "memory": {"bytes": parse_meminfo(_text(context, "/proc/meminfo"))["MemTotal"]},
        "firmware": _present(kind=_firmware(context), vendor=_line(context, "/sys/class/dmi/id/bios_vendor")),
        "virtualization": {"kind": text(run(["systemd-detect-virt"]).out).strip() or "unknown"},
        # A command line may carry credentials of the boot (an installer's, a network disk's).
        "kernel": _present(release=os.uname().release, command_line=redact_text(_text(context, "/proc/cmdline").strip())),
        "distribution": distribution(_text(context, "/etc/os-release") or _text(context, "/usr/lib/os-release")),
    }
    items.update(_disks(context))
    items.update(_filesystems(context))
    items.update(_nics(context))
    return result(context.wanted(items), note=" ".join(context.missed))


def parse_meminfo(content: str) -> dict[str, int]:
    """{name: bytes} of /proc/meminfo."""
    rows = re.findall(r"^(\S+):\s+(\d+)( kB)?", content, re.MULTILINE)
    return {name: int(number) * (1024 if unit else 1) for name, number, unit in rows}


def distribution(content: str) -> Item:
    """Item of the text of os-release."""
    values = parse_os_release(content)
    return _present(
        id=values.get("ID", "linux"),
        version_id=values.get("VERSION_ID"),
        codename=values.get("VERSION_CODENAME"),
        name=values.get("PRETTY_NAME"),
    )


def parse_mountinfo(content: str) -> Items:
    """{mount point: {"type", "options", "source"}} of /proc/self/mountinfo: the last lasting mount of each mount point."""
    found: Items = {}
    for line in content.splitlines():
        words, _dash, rest = line.partition(" - ")
        place, options = words.split(" ")[4:6]
        kind, source = rest.split(" ")[:2]
        place = _unescape(place)
        found.pop(place, None)
        # A live system or a container has an overlay at /.
        if (kind not in PSEUDO or place == "/") and not (place + "/").startswith(EPHEMERAL):
            found[place] = {"type": kind, "options": options.split(","), "source": redact_text(_unescape(source))}
    return found


def _unescape(value: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), value)


def _cpu(context: Context) -> Item:
    names = r"^(?:model name|Model|cpu model|Processor)\s*:\s*(.+)$"
    model = re.search(names, _text(context, "/proc/cpuinfo"), re.MULTILINE)
    return _present(
        architecture=os.uname().machine,
        count=os.cpu_count(),
        model=model.group(1).strip() if model else None,
    )


def _firmware(context: Context) -> str | None:
    if os.path.isdir(context.at("/sys/firmware/efi")):
        return "uefi"
    return "bios" if os.path.isdir(context.at("/sys/class/dmi/id")) else None


def _disks(context: Context) -> Iterator[tuple[str, Item]]:
    for name in _names(context, "/sys/block"):
        size = _line(context, "/sys/block/%s/size" % name)
        if VIRTUAL_DISKS.match(name) or not size or size == "0":
            continue
        yield "disk:" + name, _present(
            bytes=int(size) * 512,  # the kernel counts in sectors of 512 bytes, whatever the medium uses
            model=_line(context, "/sys/block/%s/device/model" % name),
            rotational=_line(context, "/sys/block/%s/queue/rotational" % name) == "1",
        )


def _filesystems(context: Context) -> Iterator[tuple[str, Item]]:
    for place, item in parse_mountinfo(_text(context, "/proc/self/mountinfo")).items():
        try:
            size = os.statvfs(context.at(place))
            item["bytes"] = size.f_blocks * size.f_frsize
        except OSError as error:  # a network file system does not answer, or permission is missing: the other fields are known
            context.missed.append("The size of the file system %s is unknown: %s." % (place, error.strerror))
        yield "filesystem:" + place, item


def _nics(context: Context) -> Iterator[tuple[str, Item]]:
    addresses = psutil.net_if_addrs() if psutil else {}
    if psutil is None:
        context.missed.append("The addresses of network interfaces are unknown, because %s has no psutil: %s." % (sys.executable, advice("psutil")))
    for name in _names(context, "/sys/class/net"):
        base = "/sys/class/net/" + name
        # Bridges, veth ends and tunnels belong to the programs that create them; host0 belongs to a machine container.
        if not os.path.exists(context.at(base + "/device")) and name != "host0":
            continue
        driver = context.at(base + "/device/driver")
        yield "nic:" + name, _present(
            driver=os.path.basename(os.path.realpath(driver)) if os.path.exists(driver) else None,
            mtu=int(_line(context, base + "/mtu") or 0),
            mac=_line(context, base + "/address"),
            addresses=sorted(filter(None, map(_address, addresses.get(name, [])))) if psutil else None,
        )


def _address(entry: Any) -> str | None:
    """ADDRESS/PREFIX of an address as psutil gives it; None for hardware addresses."""
    if entry.family not in (socket.AF_INET, socket.AF_INET6) or not entry.netmask:
        return None
    packed = socket.inet_pton(entry.family, entry.netmask.partition("%")[0])
    return "%s/%d" % (entry.address.partition("%")[0], sum(bin(byte).count("1") for byte in packed))


def _names(context: Context, directory: str) -> list[str]:
    try:
        return sorted(os.listdir(context.at(directory)))
    except FileNotFoundError:
        return []


def _text(context: Context, path: str) -> str:
    return text(context.read(path) or b"")


def _line(context: Context, path: str) -> str | None:
    """The line of a file in /sys; None if it does not exist or the kernel refuses to read it."""
    try:
        return _text(context, path).strip() or None
    except OSError:
        return None


def _present(**fields: Any) -> Item:
    return {name: value for name, value in fields.items() if value is not None}
