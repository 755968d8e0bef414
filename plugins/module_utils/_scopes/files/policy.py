# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy of the scope files: files that the twin does not copy."""

from __future__ import annotations

from ..._base import paths
from ..model import Item, Items
from ..parts import Policy

# If a host is its own hypervisor, its twin does not get the software that runs virtual machines.
MACHINERY = (
    "/etc/libvirt/**", "/etc/qemu/**", "/etc/qemu-ifdown", "/etc/qemu-ifup", "/etc/ansible/**", "/etc/sasl2/libvirt.conf",
    "/etc/sasl2/qemu*.conf", "/etc/default/libvirt*", "/etc/default/virt*", "/etc/default/qemu-*",
    "/etc/init.d/libvirt*", "/etc/init.d/virtlogd", "/etc/init.d/qemu-*", "/etc/logrotate.d/libvirtd*",
    "/etc/apparmor.d/**/*libvirt*", "/etc/apparmor.d/*virt*", "/etc/rc?.d/???libvirt*", "/etc/rc?.d/???virtlogd", "/etc/rc?.d/???qemu-*",
    "/etc/systemd/system/**/libvirt*/**", "/etc/systemd/system/**/virt*d*/**", "/etc/systemd/system/**/virt-*", "/etc/systemd/system/**/qemu-*/**",
)

# Files with which a twin boots, accepts its management ssh and proves that it is a twin: they are neither copied nor removed.
SUBSTRATE = (
    paths.CONFIGURATION + "/**", "/etc/cloud/**", "/etc/initramfs-tools/**", "/etc/tiny-initramfs/**", "/etc/kernel/**", "/etc/grub.d/**", "/etc/default/grub*",
    "/etc/default/qemu-guest-agent", "/etc/qemu/qemu-ga*", "/etc/init.d/qemu-guest-agent", "/etc/rc?.d/???qemu-guest-agent",
    "/etc/init.d/cloud-*", "/etc/rc?.d/???cloud-*", "/etc/logrotate.d/cloud-init", "/etc/systemd/system/**/cloud-*",
    "/etc/systemd/system/**/qemu-guest-agent*", "/etc/systemd/system/**/systemd-networkd*", "/etc/ssh/sshd_config.d/50-cloud-init.conf",
    "/etc/systemd/system-generators/systemd-*", "/etc/sudoers.d/90-cloud-init-users", "/etc/sudoers.d/90-safetytwin",
    "/etc/apt/apt.conf.d/*safetytwin*", "/usr/sbin/policy-rc.d",
)


def _stays(_key: str, item: Item, packages: frozenset[str]) -> bool:
    """Whether a file belongs to a package that only the twin has."""
    return item.get("package") in packages


def _keep_parents(stays: dict[str, str], actual: Items, wanted: Items) -> None:
    """Keep a directory if something in it is kept."""
    for path in list(stays):
        parent = path.rpartition("/")[0]
        while parent and parent not in stays:
            if parent in actual and parent not in wanted:
                stays[parent] = "twin_substrate"
            parent = parent.rpartition("/")[0]


POLICY = Policy(machinery=MACHINERY, substrate=SUBSTRATE, stays=_stays, more_stays=_keep_parents)
