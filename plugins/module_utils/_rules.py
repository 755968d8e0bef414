# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths are read, which are left out and why, and what a twin must keep of its own: tables and one matcher.

Patterns: `?` one character and `*` any run of characters within a path part, `**` across parts, `**/` at the beginning any
directory, `/**` at the end the directory itself and everything below it. Nothing else is special; patterns match whole texts.
"""
from __future__ import annotations

import collections
import functools
import re

from ._codec import digest

IGNORE = "ignore"  # no item, not reported: generated, a backup, modelled by another scope, or ours
CARRY = "carry"  # an exception from the rows below it

# verdict: IGNORE, CARRY, or the reason code it is reported with; links: only symbolic links are meant
Rule = collections.namedtuple("Rule", "verdict patterns why links")


def _rule(verdict, why, *patterns, links=False):
    return Rule(verdict, patterns, why, links)


# Applied in order to every path of the files scope, on hosts and twins alike; the first row that matches holds.
PATHS = (
    _rule(IGNORE, "our own",
          "/etc/safetytwin/**", "/var/lib/safetytwin/**", "/etc/systemd/system/**/safetytwin-*", "/usr/local/lib/safetytwin/**",
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
          "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/**", "/etc/apt/keyrings/**", "/etc/pki/rpm-gpg/**"),
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

# Nothing of a virtual machine's own maker belongs into the twin of the machine that runs it: read by policy where a host is its own
# hypervisor (reason safetytwin_self).
SELF_PACKAGES = (
    "libvirt*", "python3-libvirt", "qemu-*", "ipxe-qemu", "seabios", "ovmf", "ovmf-*", "vgabios", "virtinst", "virt-*", "apt-cacher-ng",
    "mmdebstrap", "dnsmasq-base", "genisoimage", "cloud-image-utils", "swtpm*", "ansible", "ansible-core",
)
SELF_UNITS = (
    "safetytwin-*", "libvirt*", "virt*d.service", "virt*d.socket", "virt*d-ro.socket", "virt*d-admin.socket", "virt*d-tcp.socket",
    "virt*d-tls.socket", "virt-guest-shutdown.target", "qemu-*", "apt-cacher-ng.service", "machine-qemu*", "machines.target",
    # libvirt registers its machines there
    "systemd-machined.*",
)
SELF_PATHS = (
    "/etc/libvirt/**", "/etc/qemu/**", "/etc/qemu-ifdown", "/etc/qemu-ifup", "/etc/apt-cacher-ng/**", "/etc/ansible/**", "/etc/sasl2/libvirt.conf",
    "/etc/sasl2/qemu*.conf", "/etc/default/libvirt*", "/etc/default/virt*", "/etc/default/qemu-*", "/etc/default/apt-cacher-ng",
    "/etc/init.d/libvirt*", "/etc/init.d/virtlogd", "/etc/init.d/apt-cacher-ng", "/etc/init.d/qemu-*", "/etc/logrotate.d/libvirtd*",
    "/etc/apparmor.d/**/*libvirt*", "/etc/apparmor.d/*virt*", "/etc/cron.daily/apt-cacher-ng", "/etc/rc?.d/???libvirt*",
    "/etc/rc?.d/???virtlogd", "/etc/rc?.d/???apt-cacher-ng", "/etc/rc?.d/???qemu-*",
    "/etc/systemd/system/**/libvirt*/**", "/etc/systemd/system/**/virt*d*/**", "/etc/systemd/system/**/virt-*", "/etc/systemd/system/**/qemu-*/**",
    "/etc/systemd/system/**/apt-cacher-ng.service",
)
# Users and groups of those packages.
SELF_ACCOUNTS = ("*:libvirt*", "*:apt-cacher-ng", "*:swtpm", "*:tss")

# What a twin has of its own to boot, to be reached and to be proven a twin (reason twin_substrate): left alone on both sides.
SUBSTRATE_PACKAGES = (
    "linux-image-*", "linux-headers-*", "linux-modules-*", "linux-base", "linux-firmware", "firmware-*", "intel-microcode", "amd64-microcode",
    "initramfs-tools*", "initramfs-tools-core", "busybox*", "klibc-utils", "libklibc", "dracut*", "grub*", "shim-*", "efibootmgr", "cloud-init*",
    "cloud-guest-utils", "cloud-utils*", "qemu-guest-agent", "openssh-server", "openssh-sftp-server",
)
SUBSTRATE_UNITS = (
    "safetytwin-*", "cloud-*", "qemu-guest-agent.service", "systemd-networkd*", "networking.service", "NetworkManager*", "ifup@*",
    "serial-getty@*", "systemd-fsck*", "systemd-remount-fs.service", "grub-*", "initrd-*",
    # A host's firewall does not know the twin's own door.
    "nftables.service", "netfilter-persistent.service", "ufw.service", "firewalld.service", "iptables.service",
)
SUBSTRATE_PATHS = (
    "/etc/safetytwin/**", "/etc/cloud/**", "/etc/initramfs-tools/**", "/etc/kernel/**", "/etc/grub.d/**", "/etc/default/grub*",
    "/etc/default/qemu-guest-agent", "/etc/qemu/qemu-ga*", "/etc/init.d/qemu-guest-agent", "/etc/rc?.d/???qemu-guest-agent",
    "/etc/init.d/cloud-*", "/etc/rc?.d/???cloud-*", "/etc/logrotate.d/cloud-init", "/etc/systemd/system/**/cloud-*",
    "/etc/systemd/system/**/qemu-guest-agent*", "/etc/systemd/system/**/systemd-networkd*", "/etc/ssh/sshd_config.d/50-cloud-init.conf",
    "/etc/systemd/system-generators/systemd-*", "/etc/sudoers.d/90-cloud-init-users", "/etc/apt/apt.conf.d/*safetytwin*", "/usr/sbin/policy-rc.d",
)

_TOKENS = re.compile(r"(/\*\*\Z)|(\*\*/)|(\*\*)|(\*)|(\?)|([^*?]+)", re.DOTALL)
_MEANING = {1: "(?:/.*)?", 2: "(?:[^/]*/)*", 3: ".*", 4: "[^/]*", 5: "[^/]"}


def regex(pattern):
    """The pattern as the source of a regular expression (for re.DOTALL)."""
    # The literal run stops before a trailing "/**", whose slash belongs to it.
    head, tail = (pattern[:-3], _MEANING[1]) if pattern.endswith("/**") else (pattern, "")
    parts = (_MEANING.get(found.lastindex) or re.escape(found.group()) for found in _TOKENS.finditer(head))
    return "".join(parts) + tail


@functools.lru_cache(maxsize=None)
def _compiled(patterns):
    # Patterns with a common beginning share it, so that a path that begins otherwise is done with at once.
    branches = []
    for head in ("/etc/", "**/", ""):
        tails = [pattern[len(head):] for pattern in patterns if pattern.startswith(head)]
        patterns = [pattern for pattern in patterns if not pattern.startswith(head)]
        if tails:
            branches.append("%s(?:%s)" % (regex(head), "|".join(map(regex, tails))))
    return re.compile("|".join(branches), re.DOTALL)


def matches(pattern, text):
    """True if the whole text matches the pattern."""
    return _compiled((pattern,)).fullmatch(text) is not None


def matches_any(patterns, text):
    """True if the whole text matches one of the patterns (a tuple)."""
    return bool(patterns) and _compiled(patterns).fullmatch(text) is not None


def verdict(path, link=False, exclude=()):
    """What the tables say of one path: None (read it), IGNORE, or a reason code; exclude are the user's patterns."""
    for rule in PATHS if _ANY.fullmatch(path) else ():
        if (link or not rule.links) and matches_any(rule.patterns, path):
            if rule.verdict == IGNORE or not matches_any(exclude, path):
                return None if rule.verdict == CARRY else rule.verdict
            break
    return "excluded" if matches_any(exclude, path) else None


# Most paths match no row: one look tells.
_ANY = _compiled(tuple(pattern for rule in PATHS for pattern in rule.patterns))


def covering(path, link=False, exclude=()):
    """The verdict on a path or, first, on a directory above it: a tree that is left out is left out as a whole."""
    parts = path.split("/")
    for depth in range(2, len(parts)):
        above = verdict("/".join(parts[:depth]), False, exclude)
        if above:
            return above
    return verdict(path, link, exclude)


def version():
    """Digest of the tables that decide about paths: what was decided under others is decided again."""
    return digest(PATHS)
