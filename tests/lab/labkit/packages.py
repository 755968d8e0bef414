# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the distribution packages that the lab needs."""

from __future__ import annotations

from .shell import run, say, stage

NEEDED = {
    "qemu-system-x86": "runs twins",
    "qemu-utils": "writes their disks",
    "libvirt-daemon-system": "keeps twins",
    "libvirt-clients": "virsh, for people and for the lab",
    "python3-libvirt": "libvirt_twin on the system's Python",
    "python3-psutil": "collectors on the system's Python",
    "dbus": "libvirt's bus where systemd is not init",
    "dnsmasq-base": "names for lab hosts, addresses for twins",
    "iptables": "libvirt's networks",
    "nftables": "the lab's way out to the package sources",
    "iproute2": "the lab's bridge",
    "mmdebstrap": "builds trees of hosts and twins",
    "systemd-container": "runs lab hosts",
    "e2fsprogs": "writes file systems without mounting them",
    "genisoimage": "writes cloud-init seeds",
    "zstd": "keeps trees small in the cache",
    "openssh-client": "logs in",
    "strace": "watches what a cycle starts",
    "curl": "what plain tools say",
    "gpg": "signs the lab's package repository",
    "gpg-agent": "keeps the key that signs it",
}


def missing() -> list[str]:
    """Names of NEEDED that are not installed."""
    known = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *NEEDED], check=False).stdout
    return sorted(set(NEEDED) - {line.split()[0] for line in known.splitlines() if line.endswith(" installed")})


def install() -> None:
    absent = missing()
    if not absent:
        say(f"packages: all {len(NEEDED)} are installed")
        return
    command = ["apt-get", "install", "-q", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends"]
    with stage(f"packages: installing {' '.join(absent)}", "30 s for all"):
        if run([*command, "-s", *absent], check=False).returncode:
            run(["apt-get", "update", "-q"], timeout=300)
        run([*command, "-y", *absent], env={"DEBIAN_FRONTEND": "noninteractive"}, timeout=900)
