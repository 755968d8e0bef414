# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy leaves out of the scope services."""

from __future__ import annotations

# Nothing of what makes virtual machines belongs into the twin of the machine that runs it: left out where a host is its own hypervisor.
SELF = (
    "safetytwin-*", "libvirt*", "virt*d.service", "virt*d.socket", "virt*d-ro.socket", "virt*d-admin.socket", "virt*d-tcp.socket",
    "virt*d-tls.socket", "virt-guest-shutdown.target", "qemu-*", "apt-cacher-ng.service", "machine-qemu*", "machines.target",
    # libvirt registers its machines there
    "systemd-machined.*",
)

# What a twin has of its own to boot, to be reached and to be proven a twin: left alone on both sides.
SUBSTRATE = (
    "safetytwin-*", "cloud-*", "qemu-guest-agent.service", "systemd-networkd*", "networking.service", "NetworkManager*", "ifup@*",
    "serial-getty@*", "systemd-fsck*", "systemd-remount-fs.service", "grub-*", "initrd-*",
    # A host's firewall does not know the twin's own door.
    "nftables.service", "netfilter-persistent.service", "ufw.service", "firewalld.service", "iptables.service",
)
