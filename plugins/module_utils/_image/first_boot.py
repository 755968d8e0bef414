# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of built images: applies the NoCloud seed at the first boot of a twin, in place of cloud-init.

It reads the keys that `_twin/seed.py` writes. It is copied into the image as one file, so it imports nothing of the collection.
"""
from __future__ import annotations

import json
import os
import shutil
import sys
import time
from typing import Any, Mapping

NETWORK = "/etc/systemd/network/10-safetytwin-%s.network"
SUDOERS = "/etc/sudoers.d/90-safetytwin"
PROTOCOLS = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6", (False, False): "no"}


def main(seed: str, root: str = "") -> None:
    """Apply the seed in a directory to the system below root. A second run, after a boot that was cut off, gives the same result."""
    user, network = _document(seed, "user-data"), _document(seed, "network-config")
    for path, content in network_files(network).items():
        _write(root + path, content, 0o644)
    for account in user["users"]:
        add_account(account, root)
    for entry in user["write_files"]:
        _write(root + entry["path"], entry["content"], int(entry["permissions"], 8))
    for path in ("/etc/hostname", "/proc/sys/kernel/hostname"):
        _write(root + path, user["hostname"] + "\n", 0o644)
    os.sync()


def network_files(network: Mapping[str, Any]) -> dict[str, str]:
    """{path: text} of systemd-networkd's files for a network configuration of version 2."""
    return {
        NETWORK % name: "[Match]\nMACAddress=%s\n\n[Network]\nDHCP=%s\n\n[DHCPv4]\nClientIdentifier=%s\n" % (
            one["match"]["macaddress"], PROTOCOLS[one["dhcp4"], one["dhcp6"]], one["dhcp-identifier"],
        )
        for name, one in network["ethernets"].items()
    }


def add_account(account: Mapping[str, Any], root: str) -> None:
    """Add a user with a group and a home of its own; one that the host has too stays as it is."""
    name, number, home = account["name"], account["uid"], "/home/" + account["name"]
    lines = {
        "passwd": "%s:x:%d:%d:%s:%s:%s" % (name, number, number, account["gecos"], home, account["shell"]),
        "group": "%s:x:%d:" % (name, number),
        "shadow": "%s:%s:%d:0:99999:7:::" % (name, account["passwd"], time.time() // 86400),
        "gshadow": "%s:!::" % name,
    }
    for file, line in lines.items():
        with open("%s/etc/%s" % (root, file), "a+", encoding="utf-8", errors="surrogateescape") as stream:
            stream.seek(0)
            if not any(known.startswith(name + ":") for known in stream):
                stream.write(line + "\n")
    _write(root + SUDOERS, "%s %s\n" % (name, account["sudo"]), 0o440)
    if not os.path.exists(root + home):
        shutil.copytree(root + "/etc/skel", root + home)
        for directory, _directories, files in os.walk(root + home):
            for path in [directory, *(os.path.join(directory, file) for file in files)]:
                os.chown(path, number, number)


def _document(seed: str, name: str) -> dict[str, Any]:
    """A document of the seed; a comment in its first line is not JSON."""
    with open(os.path.join(seed, name), encoding="utf-8") as stream:
        document: dict[str, Any] = json.loads("".join(line for line in stream if not line.startswith("#")))
    return document


def _write(path: str, content: str, mode: int) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as stream:
        stream.write(content)
    if not path.startswith("/proc/"):
        os.chmod(path, mode)


if __name__ == "__main__":
    main(sys.argv[1])
