# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope hardware."""

from __future__ import annotations

from ..model import Scope, desired, identity, telemetry

SCOPE = Scope("What the machine is made of.", False, {
    "cpu": {
        "architecture": desired("str", "Machine name as uname gives it."),
        "count": desired("int", "Logical processors."),
        "model": telemetry("str", "Model name from /proc/cpuinfo."),
    },
    "memory": {"bytes": desired("int", "Physical memory in bytes, from /proc/meminfo.")},
    "disk": {
        "bytes": desired("int", "Size in bytes, from /sys/block."),
        "model": telemetry("str", "Vendor's model name."),
        "rotational": telemetry("bool", "True for spinning disks."),
    },
    "filesystem": {
        "type": desired("str", "File system type, from /proc/self/mountinfo."),
        "options": telemetry("list", "Mount options."),
        "source": telemetry("str", "Mounted device or name."),
        "bytes": telemetry("int", "Size in bytes, from statvfs."),
    },
    "nic": {
        "driver": telemetry("str", "Kernel driver."),
        "mtu": desired("int", "Bytes."),
        "mac": identity("str", "Hardware address."),
        "addresses": identity("list", "Addresses with prefix length."),
    },
    "firmware": {"kind": telemetry("str", "uefi or bios."), "vendor": telemetry("str", "From DMI.")},
    "virtualization": {"kind": telemetry("str", "As systemd-detect-virt names it; none on bare metal.")},
    "kernel": {"release": desired("str", "As uname -r."), "command_line": telemetry("str", "From /proc/cmdline.")},
    "distribution": {
        "id": desired("str", "ID of os-release."),
        "version_id": desired("str", "VERSION_ID of os-release."),
        "codename": desired("str", "VERSION_CODENAME of os-release."),
        "name": telemetry("str", "PRETTY_NAME of os-release."),
    },
})
