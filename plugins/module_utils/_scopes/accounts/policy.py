# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy leaves out of the scope accounts."""

from __future__ import annotations

# Nothing of what makes virtual machines belongs into the twin of the machine that runs it: left out where a host is its own hypervisor.
SELF = ("*:libvirt*", "*:apt-cacher-ng", "*:swtpm", "*:tss")

# What a twin has of its own to boot, to be reached and to be proven a twin (reason twin_substrate): left alone on both sides.
SUBSTRATE_PACKAGES = (
    "linux-image-*", "linux-headers-*", "linux-modules-*", "linux-base", "linux-firmware", "firmware-*", "intel-microcode", "amd64-microcode",
    "initramfs-tools*", "initramfs-tools-core", "busybox*", "klibc-utils", "libklibc", "dracut*", "grub*", "shim-*", "efibootmgr", "cloud-init*",
    "cloud-guest-utils", "cloud-utils*", "qemu-guest-agent", "openssh-server", "openssh-sftp-server",
)

# What a twin has of its own to boot, to be reached and to be proven a twin: left alone on both sides.
SUBSTRATE = ()
