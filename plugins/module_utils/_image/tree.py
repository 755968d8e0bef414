# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written into a base image besides packages: the twin's own files and the host's accounts. Pure."""
from __future__ import annotations

from typing import Iterable

from .._base.access import SSH_UNIT, SSHD_CONFIG
from .._scopes.model import Items

# Accounts with ids below this belong to the distribution; their homes are their packages' business.
ORDINARY = 1000
NOBODY = 65534

# JSON is YAML. Lists of modules replace the distribution's: each module left out is emulated seconds saved, and nothing of the host's is touched.
CLOUD_CONFIG = """\
# A twin's first boot is told everything by its seed; the host's own files arrive by convergence.
datasource_list: [NoCloud]
system_info:
  network:
    renderers: [networkd]
    activators: [networkd]
apt: {preserve_sources_list: true}
cloud_init_modules: [write-files, set_hostname, users-groups, ssh]
cloud_config_modules: []
cloud_final_modules: []
"""

# At the first boot the keys come after the unit would have started: their arrival starts it.
SSH_PATH_UNIT = """\
[Unit]
Description=Starts management access when its keys arrive

[Path]
PathExists=/etc/safetytwin/authorized_keys
Unit=safetytwin-ssh.service

[Install]
WantedBy=multi-user.target
"""

INITRAMFS = """\
# Booted directly by the hypervisor, always from the same devices: a small image unpacks fast under emulation.
MODULES=list
COMPRESS=lz4
BUSYBOX=n
"""
# What the root file system needs; all else is loaded from it.
INITRAMFS_MODULES = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")


def files() -> dict[str, str]:
    """{path: text} of what every twin has because it is a twin."""
    return {
        "/etc/cloud/cloud.cfg.d/90_safetytwin.cfg": CLOUD_CONFIG,
        "/etc/cloud/ds-identify.cfg": "policy: enabled\ndatasource: NoCloud\n",
        "/etc/initramfs-tools/conf.d/safetytwin": INITRAMFS,
        "/etc/initramfs-tools/modules": "".join(name + "\n" for name in INITRAMFS_MODULES),
        "/etc/safetytwin/sshd_config": SSHD_CONFIG,
        "/etc/systemd/system/safetytwin-ssh.service": SSH_UNIT,
        "/etc/systemd/system/safetytwin-ssh.path": SSH_PATH_UNIT,
    }


# What these generate is about disks and kernel options that a twin does not have; each daemon-reload would run them all.
IDLE_GENERATORS = ("cryptsetup", "debug", "gpt-auto", "hibernate-resume", "integritysetup", "run", "system-update", "veritysetup")

LINKS = {
    **{"/etc/systemd/system-generators/systemd-%s-generator" % name: "/dev/null" for name in IDLE_GENERATORS},
    "/etc/systemd/system/multi-user.target.wants/safetytwin-ssh.service": "/etc/systemd/system/safetytwin-ssh.service",
    "/etc/systemd/system/multi-user.target.wants/safetytwin-ssh.path": "/etc/systemd/system/safetytwin-ssh.path",
    # they would have nothing to do, and take a minute of emulated Python to find that out
    "/etc/systemd/system/cloud-config.service": "/dev/null",
    "/etc/systemd/system/cloud-final.service": "/dev/null",
}


# Hooks of the build, run by sh with the tree as $1 and the directory of the lists below as $2.
MERGE = """\
for file in passwd group; do
    awk -F: 'NR == FNR { seen[$1]; print; next } !($1 in seen)' "$2/$file" "$1/etc/$file" > "$2/merged"
    cat "$2/merged" > "$1/etc/$file"
done
"""
FINISH = """\
awk -F: 'NR == FNR { seen[$1]; print; next } !($1 in seen)' "$1/etc/shadow" "$2/shadow" > "$2/merged"
cat "$2/merged" > "$1/etc/shadow"
while IFS=: read -r home uid gid; do
    [ -e "$1$home" ] && continue
    mkdir -p "$1$home"
    cp -a "$1/etc/skel/." "$1$home"
    chown -R "$uid:$gid" "$1$home"
done < "$2/homes"
chroot "$1" xargs -r apt-mark -q auto < "$2/auto" > /dev/null
chroot "$1" dpkg --set-selections < "$2/hold"
chroot "$1" systemctl -q enable systemd-networkd.service
sed -i 's/^update_initramfs=.*/update_initramfs=no/' "$1/etc/initramfs-tools/update-initramfs.conf"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*
rm -f "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$1/etc/apt/apt.conf.d/99mmdebstrap"
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
