# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin's directory on the hypervisor: keys, known_hosts, ssh_config. QEMU's own user only passes through it (0711)."""

from __future__ import annotations

import os
import stat
from typing import Iterable

from .._base import paths
from .._base.access import PORT
from .._base.codec import write_atomic
from .._base.errors import TwinError
from .._base.run import check

ROOT = paths.STATE
CONTROL = paths.RUN

SSH_CONFIG = """\
Host twin
  HostName {address}
  Port {port}
  User root
  IdentityFile "{directory}/id_ed25519"
  IdentitiesOnly yes
  UserKnownHostsFile "{directory}/known_hosts"
  GlobalKnownHostsFile /dev/null
  HostKeyAlias {domain}
  HostKeyAlgorithms ssh-ed25519
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 10
  ServerAliveInterval 5
  ServerAliveCountMax 3
  LogLevel ERROR
  ControlMaster auto
  ControlPath {control}/%C
"""
LOCKED = "!"  # as passwd(5) locks an account


def path_of(root: str, domain: str) -> str:
    """The directory of one twin."""
    return os.path.join(root, paths.TWINS, domain)


def prepare(root: str, directory: str) -> None:
    """Make the directories. 0711, not 0700: QEMU runs as its own user and has to reach its disk; the files in them are 0600."""
    for path in (root, os.path.dirname(directory), directory):
        try:
            os.makedirs(path, 0o711, exist_ok=True)
            os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) | 0o711)
        except PermissionError as denied:
            raise TwinError("%s cannot be written: run this as root (become)." % path) from denied
    require_reachable(directory)


def require_reachable(path: str) -> None:
    """QEMU must be able to pass every directory above a disk; root's home, for one, is closed to it."""
    while path != "/":
        if not stat.S_IMODE(os.stat(path).st_mode) & stat.S_IXOTH:
            raise TwinError("QEMU runs as its own user and cannot pass %s: keep images and twins elsewhere, or chmod o+x it." % path)
        path = os.path.dirname(path)


def make_key(path: str, comment: str) -> None:
    """An Ed25519 key pair at path and path.pub, unless it exists."""
    if not os.path.exists(path):
        check(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], "Making the key %s" % path)


def read(path: str) -> str:
    """A small text file of the twin's directory."""
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def seed_keys(directory: str, domain: str, more: Iterable[str]) -> dict[str, str]:
    """Make both key pairs and return them as the seed wants them; more: further public keys that may log in."""
    login, machine = os.path.join(directory, "id_ed25519"), os.path.join(directory, "ssh_host_ed25519_key")
    make_key(login, "safetytwin")
    make_key(machine, domain)
    write_atomic(os.path.join(directory, "known_hosts"), known_hosts(domain, read(machine + ".pub")))
    lines = [read(login + ".pub").strip()] + [key.strip() for key in more]
    return {"host_private": read(machine), "host_public": read(machine + ".pub"), "authorized": "\n".join(lines) + "\n"}


def known_hosts(domain: str, public: str) -> bytes:
    """The twin under its domain's name, whatever its address (HostKeyAlias in ssh_config)."""
    return ("%s %s\n" % (domain, " ".join(public.split()[:2]))).encode("ascii")


def ssh_config(directory: str, domain: str, address: str) -> str:
    """The text of the twin's ssh_config; an address not known yet leaves the domain's name, which no resolver knows."""
    return SSH_CONFIG.format(address=address or domain, port=PORT, directory=directory, domain=domain, control=CONTROL)


def hash_password(password: str | None) -> str:
    """The crypt(3) form of a password; None gives the form that no password matches."""
    if password is None:
        return LOCKED
    secret = password.encode("utf-8")
    if not secret or b"\n" in secret:
        raise TwinError("console_password must be one line that is not empty.")
    return check(["openssl", "passwd", "-6", "-stdin"], "Hashing the console password", stdin=secret).decode("ascii").strip()
