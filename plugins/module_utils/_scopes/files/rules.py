# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that decide which paths are read, ignored or excluded, and why.

The patterns are those of _base/patterns.
"""
from __future__ import annotations

from typing import NamedTuple

from ..._base import paths
from ..._base.codec import digest
from ..._base.patterns import any_of, matches_any

KEYRINGS = "/usr/share/keyrings/"
APT_FILES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/", "/etc/apt/keyrings/", "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/", KEYRINGS)
IGNORE = "ignore"  # neither an item nor reported: generated, a backup, read by another scope, or a file of the collection
CARRY = "carry"  # read, although a row below it matches


class Rule(NamedTuple):
    """verdict: IGNORE, CARRY, or the reason code it is reported with; links: only symbolic links are meant."""

    verdict: str
    patterns: tuple[str, ...]
    why: str
    links: bool


def _rule(verdict: str, why: str, *patterns: str, links: bool = False) -> Rule:
    return Rule(verdict, patterns, why, links)


# Applied in order to every path of the files scope, on hosts and twins alike; the first row that matches holds.
PATHS = (
    _rule(IGNORE, "our own",
          paths.CONFIGURATION + "/**", paths.STATE + "/**", "/etc/systemd/system/**/safetytwin-*", "/usr/local/lib/safetytwin/**",
          "/etc/systemd/system/**/safetytwin-*/**", "/etc/libvirt/qemu/twin-*.xml", "/etc/libvirt/qemu/networks/**/safetytwin.xml"),
    _rule(IGNORE, "modelled by the accounts scope",
          "/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid"),
    _rule(IGNORE, "backups and locks of account files",
          "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-", "/etc/.pwd.lock"),
    _rule(IGNORE, "leftovers of package managers and editors",
          "**/*.dpkg-*", "**/*.ucf-*", "**/*.rpmsave", "**/*.rpmnew", "**/*.rpmorig", "**/*~", "**/.*.sw?", "**/.#*", "**/#*#",
          "/etc/.git/**", "/etc/.etckeeper", "**/lost+found/**"),
    _rule(IGNORE, "generated from other files",
          "/etc/ld.so.cache", "/etc/mtab", "/etc/mailcap", "/etc/.updated", "/etc/udev/hwdb.bin", "/etc/prelink.cache",
          "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/java/**", "/etc/pki/ca-trust/extracted/**",
          "/etc/console-setup/cached_*", "/etc/apparmor.d/cache/**", "/etc/alternatives/README", "**/__pycache__/**", "/etc/aliases.db"),
    _rule(IGNORE, "made by update-ca-certificates", "/etc/ssl/certs/*", links=True),
    _rule("secret_excluded", "password hashes", "/etc/shadow", "/etc/gshadow", "/etc/security/opasswd"),
    _rule("identity", "names and keys of the machine",
          "/etc/hostname", "/etc/machine-id", "/etc/machine-info", "/etc/hostid", "/etc/ssh/ssh_host_*", "/etc/brlapi.key",
          "/etc/ssl/certs/ssl-cert-snakeoil.pem", "/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/iscsi/initiatorname.iscsi",
          "/etc/nvme/hostid", "/etc/nvme/hostnqn", "/etc/adjtime"),
    _rule("secret_excluded", "keys of networks",
          "/etc/NetworkManager/system-connections/**", "/etc/wpa_supplicant/**", "/etc/wireguard/**", "/etc/iwd/**",
          "/etc/ppp/*-secrets", "/etc/ipsec.secrets", "/etc/swanctl/private/**"),
    _rule("identity", "the host's network",
          "/etc/resolv.conf", "/etc/network/**", "/etc/netplan/**", "/etc/NetworkManager/**", "/etc/systemd/network/**",
          "/etc/sysconfig/network", "/etc/sysconfig/network-scripts/**", "/etc/wicked/**", "/etc/dhcpcd.conf",
          "/etc/dhcp/dhclient*", "/etc/udev/rules.d/70-persistent-*"),
    _rule("identity", "the host's disks and boot",
          "/etc/fstab", "/etc/crypttab", "/etc/blkid.*", "/etc/lvm/cache/**", "/etc/lvm/archive/**",
          "/etc/lvm/backup/**", "/etc/lvm/devices/**", "/etc/mdadm/**", "/etc/multipath/**", "/etc/zfs/zpool.cache", "/boot/**",
          "/etc/default/grub", "/etc/default/grub.d/**", "/etc/grub.d/**", "/etc/initramfs-tools/**", "/etc/dracut.conf.d/**",
          "/etc/kernel/**", "/etc/kernel-img.conf"),
    _rule(CARRY, "public keys of package repositories",
          "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/**", "/etc/apt/keyrings/**", "/usr/share/keyrings/**", "/etc/pki/rpm-gpg/**"),
    _rule("secret_excluded", "private keys and keystores",
          "**/ssl/private/**/*", "**/tls/private/**/*", "**/pki/private/**/*", "**/*.key", "**/id_rsa", "**/id_dsa", "**/id_ecdsa*",
          "**/id_ed25519*", "**/*.p12", "**/*.pfx", "**/*.jks", "**/*.keystore", "**/*.kdbx", "**/*.ppk", "**/*.keytab",
          "**/privkey*.pem", "**/letsencrypt/archive/**", "**/letsencrypt/live/**", "**/letsencrypt/accounts/**",
          "**/.gnupg/**", "**/private-keys-v1.d/**", "**/secring.*"),
    _rule("secret_excluded", "files of credentials",
          "**/.netrc", "**/netrc", "**/.pgpass", "**/.my.cnf", "**/.git-credentials", "**/.aws/credentials",
          "**/.docker/config.json", "**/.dockercfg", "**/.kube/config", "**/.vault-token", "**/.vault_pass*", "**/.npmrc", "**/.pypirc",
          "**/.htpasswd*", "**/htpasswd*", "**/*.htpasswd", "**/.env.local", "**/debian.cnf", "/etc/apt/auth.conf",
          "/etc/apt/auth.conf.d/**/*", "/etc/credstore/**/*", "/etc/credstore.encrypted/**/*", "/etc/postfix/sasl_passwd*",
          "/etc/sasldb2", "/etc/exim4/passwd*", "/etc/mosquitto/passwd*", "/etc/mosquitto/pwfile*", "/etc/samba/*.tdb",
          "/etc/cups/subscriptions.conf*", "/etc/security/keys/**", "**/terraform.tfstate*", "**/secrets/**/*", "**/*.secret",
          "**/*.secrets"),
)


def verdict(path: str, *, link: bool = False, exclude: tuple[str, ...] = ()) -> str | None:
    """Result of the tables for one path: None (read it), IGNORE, or a reason code; exclude are the user's patterns."""
    for rule in PATHS if _ANY.fullmatch(path) else ():
        if (link or not rule.links) and matches_any(rule.patterns, path):
            if rule.verdict == IGNORE or not matches_any(exclude, path):
                return None if rule.verdict == CARRY else rule.verdict
            break
    return "excluded" if matches_any(exclude, path) else None


# Most paths match no row, and one search finds that out.
_ANY = any_of(tuple(pattern for rule in PATHS for pattern in rule.patterns))


def covering(path: str, *, link: bool = False, exclude: tuple[str, ...] = ()) -> str | None:
    """The verdict on a path or, first, on a directory above it: a directory that is left out is left out with its content."""
    parts = path.split("/")
    for depth in range(2, len(parts)):
        above = verdict("/".join(parts[:depth]), exclude=exclude)
        if above:
            return above
    return verdict(path, link=link, exclude=exclude)


def version() -> str:
    """Digest of the tables that decide about paths; decisions from other tables are made again."""
    return digest(PATHS)
