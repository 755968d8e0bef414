# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope hardware."""

from __future__ import annotations

from ..grammars import BYTES, DISTRIBUTION, FLAG, MACHINE, NAME, PATH, RELEASE, WORD, Listing, Number, Text, choice, prefixed, text
from ..model import Scope, desired, identity, telemetry

FILESYSTEM = Text("file system", r"[A-Za-z0-9][A-Za-z0-9_.-]*", 64, "a type of file system")
MAC = Text("mac", r"[0-9a-f]{2}(?::[0-9a-f]{2}){0,31}", 96, "a hardware address")
ADDRESS = Text("address", r"[0-9A-Fa-f][0-9A-Fa-f.:]*/[0-9]{1,3}|::[0-9A-Fa-f.:]*/[0-9]{1,3}", 64, "an IP address with its prefix length")
DISK = Text("disk", r"[A-Za-z0-9_][A-Za-z0-9_.!-]*", 64, "a name of a block device")
NIC = Text("interface", r"[A-Za-z0-9_][A-Za-z0-9_.@-]*", 15, "a name of a network interface")

SCOPE = Scope("Hardware, kernel and distribution of the machine.", False, {
    "cpu": {
        "architecture": desired(MACHINE, "Architecture, from uname -m."),
        "count": desired(Number(1, 65536), "Logical processors.", needed=True),
        "model": telemetry(text(256), "Model name from /proc/cpuinfo."),
    },
    "memory": {"bytes": desired(BYTES, "Physical memory in bytes, from /proc/meminfo.", needed=True)},
    "disk": {
        "bytes": desired(BYTES, "Size in bytes, from /sys/block."),
        "model": telemetry(text(256), "Model name from the vendor."),
        "rotational": telemetry(FLAG, "True for rotating disks."),
    },
    "filesystem": {
        "type": desired(FILESYSTEM, "File system type, from /proc/self/mountinfo."),
        "options": telemetry(Listing(text(4096), 256), "Mount options."),
        "source": telemetry(text(4096), "Mounted device or name."),
        "bytes": telemetry(BYTES, "Size in bytes, from statvfs."),
    },
    "nic": {
        "driver": telemetry(NAME, "Kernel driver."),
        "mtu": desired(Number(0, 2**31 - 1), "Largest packet in bytes."),
        "mac": identity(MAC, "Hardware address."),
        "addresses": identity(Listing(ADDRESS, 4096), "IP addresses with prefix length."),
    },
    "firmware": {
        "kind": telemetry(choice("uefi", "bios"), "Kind of firmware: uefi or bios."),
        "vendor": telemetry(text(256), "Vendor of the firmware, from DMI."),
    },
    "virtualization": {"kind": telemetry(WORD, "Name from systemd-detect-virt; none on physical hardware.")},
    "kernel": {"release": desired(RELEASE, "Release from uname -r."), "command_line": telemetry(text(4096), "Command line from /proc/cmdline.")},
    "distribution": {
        "id": desired(DISTRIBUTION, "ID of os-release."),
        "version_id": desired(DISTRIBUTION, "VERSION_ID of os-release."),
        "codename": desired(DISTRIBUTION, "VERSION_CODENAME of os-release."),
        "name": telemetry(text(256), "PRETTY_NAME of os-release."),
    },
}, keys={
    **{kind: choice(kind) for kind in ("cpu", "memory", "firmware", "virtualization", "kernel", "distribution")},
    "disk": prefixed("disk:", DISK), "filesystem": prefixed("filesystem:", PATH), "nic": prefixed("nic:", NIC),
}, most=8192)
