# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy leaves out of the scope packages."""

from __future__ import annotations

from ..parts import Policy

# Nothing of what makes virtual machines belongs into the twin of the machine that runs it: left out where a host is its own hypervisor.
MACHINERY = (
    "libvirt*", "python3-libvirt", "qemu-*", "ipxe-qemu", "seabios", "ovmf", "ovmf-*", "vgabios", "virtinst", "virt-*",
    "mmdebstrap", "dnsmasq-base", "genisoimage", "cloud-image-utils", "swtpm*", "ansible", "ansible-core",
)

# What a twin has of its own to boot, to be reached and to be proven a twin: left alone on both sides.
SUBSTRATE = (
    "linux-image-*", "linux-headers-*", "linux-modules-*", "linux-base", "linux-firmware", "firmware-*", "intel-microcode", "amd64-microcode",
    "initramfs-tools*", "tiny-initramfs*", "klibc-utils", "libklibc", "dracut*", "grub*", "shim-*", "efibootmgr", "cloud-init*",
    "cloud-guest-utils", "cloud-utils*", "qemu-guest-agent", "openssh-server", "openssh-sftp-server",
)


def name_of(key: str) -> str:
    """A package's name without its architecture."""
    return key.rpartition(":")[0] or key


POLICY = Policy(machinery=MACHINERY, substrate=SUBSTRATE, pattern_name=name_of, image_extras=True)
