# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written into a base image besides packages: the twin's own files and the host's accounts. Pure."""
from __future__ import annotations

import inspect
import os
from typing import Iterable

from .._base.access import SSH_UNIT, SSHD_CONFIG
from .._scopes.model import Items
from . import first_boot

# Accounts with ids below this belong to the distribution; their homes are their packages' business.
ORDINARY = 1000
NOBODY = 65534

WANTS = "/etc/systemd/system/multi-user.target.wants/"
FIRST_BOOT = "/etc/safetytwin/first_boot.py"
FIRST_BOOT_UNIT = "/etc/systemd/system/safetytwin-first-boot.service"
# The seed says which network there is, so it comes first. What is done is removed: no later boot waits for the CD-ROM.
FIRST_BOOT_SERVICE = """\
[Unit]
Description=Applies the NoCloud seed of the twin
DefaultDependencies=no
Requires=dev-disk-by\\x2dlabel-cidata.device
After=local-fs.target dev-disk-by\\x2dlabel-cidata.device
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/bin/mount -o ro,X-mount.mkdir /dev/disk/by-label/cidata /run/safetytwin-seed
ExecStart=/usr/bin/python3 -I %(program)s /run/safetytwin-seed
ExecStart=-/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
ExecStart=/bin/umount /run/safetytwin-seed
ExecStart=/bin/rm %(program)s %(unit)s %(link)s
StandardOutput=journal+console
StandardError=journal+console
"""

# Booted directly by the hypervisor, always from the same devices: a small ramdisk is read fast under emulation. What the root file system needs is
# listed; all else is loaded from it. {builder of the ramdisk: its files}.
MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")
RAMDISK = {
    "initramfs-tools": {
        "/etc/initramfs-tools/conf.d/safetytwin": "MODULES=list\nCOMPRESS=gzip\nBUSYBOX=n\n",
        "/etc/initramfs-tools/modules": "".join(name + "\n" for name in MODULES),
    },
    "tiny-initramfs": {"/etc/tiny-initramfs/tiny-initramfs.conf": "AUTO_MODULES=no\nMICROCODE=no\nINCLUDE_MODULES=%s\n" % ",".join(MODULES)},
}


def files(builder: str) -> dict[str, str]:
    """{path: text} of what a twin has because it is a twin; builder: the package that writes its initial ramdisk."""
    return {
        **RAMDISK[builder],
        "/etc/safetytwin/sshd_config": SSHD_CONFIG,
        "/etc/systemd/system/safetytwin-ssh.service": SSH_UNIT,
        FIRST_BOOT: inspect.getsource(first_boot),
        FIRST_BOOT_UNIT: FIRST_BOOT_SERVICE % {"program": FIRST_BOOT, "unit": FIRST_BOOT_UNIT, "link": WANTS + os.path.basename(FIRST_BOOT_UNIT)},
    }


# What these generate is about disks and kernel options that a twin does not have; each daemon-reload would run them all.
IDLE_GENERATORS = ("cryptsetup", "debug", "gpt-auto", "hibernate-resume", "integritysetup", "run", "system-update", "veritysetup")

LINKS = {
    **{"/etc/systemd/system-generators/systemd-%s-generator" % name: "/dev/null" for name in IDLE_GENERATORS},
    WANTS + "safetytwin-ssh.service": "/etc/systemd/system/safetytwin-ssh.service",
    WANTS + os.path.basename(FIRST_BOOT_UNIT): FIRST_BOOT_UNIT,
}


# Hooks of the build, run by sh with the tree as $1 and the directory of the lists below as $2, which they cannot write to.
MERGE = """\
for file in passwd group; do
    awk -F: 'NR == FNR { seen[$1]; print; next } !($1 in seen)' "$2/$file" "$1/etc/$file" > /tmp/merged
    cat /tmp/merged > "$1/etc/$file"
done
"""
FINISH = """\
awk -F: 'NR == FNR { seen[$1]; print; next } !($1 in seen)' "$1/etc/shadow" "$2/shadow" > /tmp/merged
cat /tmp/merged > "$1/etc/shadow"
while IFS=: read -r home uid gid; do
    [ -e "$1$home" ] && continue
    mkdir -p "$1$home"
    cp -a "$1/etc/skel/." "$1$home"
    chown -R "$uid:$gid" "$1$home"
done < "$2/homes"
chroot "$1" xargs -r apt-mark -q auto < "$2/auto" > /dev/null
chroot "$1" dpkg --set-selections < "$2/hold"
chroot "$1" systemctl -q enable systemd-networkd.service
[ ! -e "$1/etc/initramfs-tools" ] || sed -i 's/^update_initramfs=.*/update_initramfs=no/' "$1/etc/initramfs-tools/update-initramfs.conf"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*
rm -f "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/apt/apt.conf.d/99mmdebstrap"
"""
# Run by sh where /build/tree is the tree: writes what is used of it to files that are there already. Nothing of a tree is what it seems to be.
TAKE_OUT = """\
cd /build/tree
plain() { [ -f "$1" ] && [ ! -L "$1" ]; }
[ ! -L boot ]
for kernel in boot/vmlinuz-*; do :; done
plain "$kernel" || { echo "it has no kernel in /boot: see what the package sources offer" >&2; exit 1; }
ramdisk="boot/initrd.img-${kernel#boot/vmlinuz-}"
plain "$ramdisk" || { echo "it has no initial ramdisk in /boot" >&2; exit 1; }
dpkg-query --admindir=/build/tree/var/lib/dpkg -W -f '${Package}:${Architecture} ${Version}\\n' > /output/installed
cat "$kernel" > /output/vmlinuz
# an emulated guest would take longer to unpack it
(ulimit -f 1048576; gzip -dc "$ramdisk" > /output/initrd.img)
mkfs.ext4 -q -F -L twin -m 0 -E lazy_itable_init=1,nodiscard -d /build/tree /output/disk.raw
"""


def lists(accounts: Items, packages: Items, names: Iterable[str]) -> dict[str, list[str]]:
    """{name: [line]} that the hooks read. packages are the host's items, names those being installed."""
    groups = {key.partition(":")[2]: item for key, item in accounts.items() if key.startswith("group:")}
    users = {key.partition(":")[2]: item for key, item in accounts.items() if key.startswith("user:")}
    gids = {name: item["gid"] for name, item in groups.items()}
    ordered = sorted(users.items(), key=lambda pair: (pair[1]["uid"], pair[0]))
    return {
        "passwd": [
            ":".join([name, "x", str(item["uid"]), str(gids.get(item["group"], item["group"])), item["gecos"], item["home"], item["shell"]])
            for name, item in ordered
        ],
        "group": [":".join([name, "x", str(gids[name]), ",".join(groups[name]["members"])]) for name in sorted(groups, key=gids.__getitem__)],
        "shadow": [name + ":!:1::::::" for name, _item in ordered],
        # no package makes the home of an ordinary user
        "homes": [
            "%s:%d:%s" % (item["home"], item["uid"], gids.get(item["group"], item["group"]))
            for _name, item in ordered
            if ORDINARY <= item["uid"] < NOBODY and item["home"].startswith("/home/")
        ],
        "auto": _marked(packages, names, "automatic"),
        "hold": [name + " hold" for name in _marked(packages, names, "held")],
    }


def _marked(packages: Items, names: Iterable[str], field: str) -> list[str]:
    chosen = set(names)
    return sorted({name for key, item in packages.items() if item.get(field) for name in (key, key.partition(":")[0]) if name in chosen})
