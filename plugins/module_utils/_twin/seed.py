# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NoCloud seed of a twin: the documents for its first boot, and the ISO image that contains them.

Documents are JSON, which every YAML reader takes. Cloud images read them by cloud-init, built images by `_image/first_boot.py`: what is added here is
added there. They are kept small: cloud-init's work is paid for in emulated seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import Any, Mapping

from .._base import paths
from .._base.access import SSH_UNIT, SSHD_CONFIG
from .._base.codec import dumps
from .._base.errors import TwinError
from .._base.run import check

CONSOLE_UID = 62022
MARKER = paths.MARKER
MAKERS = (["genisoimage"], ["mkisofs"], ["xorriso", "-as", "mkisofs"])


def documents(marker: Mapping[str, Any], mac: str, keys: Mapping[str, str], console: Mapping[str, str]) -> dict[str, str]:
    """{file name: text} of the seed.

    marker: {"host", "twin", "uuid"}; keys: {"host_private", "host_public", "authorized"} (texts); console: {"user", "hash"}.
    """
    network = {
        "version": 2,
        "ethernets": {"twin": {"match": {"macaddress": mac}, "dhcp4": True, "dhcp6": False, "dhcp-identifier": "mac"}},
    }
    return {
        "meta-data": json.dumps({"instance-id": marker["uuid"], "local-hostname": short_name(marker["host"])}) + "\n",
        "network-config": json.dumps(network) + "\n",
        "user-data": "#cloud-config\n" + json.dumps(_user_data(marker, keys, console), indent=1) + "\n",
    }


def short_name(host: str) -> str:
    """A valid host name for the twin, from the inventory's name: its first label."""
    label = "".join(c if c.isascii() and c.isalnum() else "-" for c in host.split(".")[0]).strip("-")[:63]
    return label or "twin"


def _user_data(marker: Mapping[str, Any], keys: Mapping[str, str], console: Mapping[str, str]) -> dict[str, Any]:
    return {
        "hostname": short_name(marker["host"]),
        "ssh_pwauth": False,
        "ssh_deletekeys": False,
        "ssh_genkeytypes": ["ed25519"],  # an RSA key takes seconds to make under emulation
        "users": [
            {
                "name": console["user"],
                "gecos": "Console of the twin",
                # Where no host numbers its users.
                "uid": CONSOLE_UID,
                "shell": "/bin/bash",
                "lock_passwd": False,
                "passwd": console["hash"],
                "sudo": "ALL=(ALL) ALL",
            },
        ],
        "write_files": [
            _file(MARKER, dumps(marker) + "\n", "0644"),
            _file("/etc/safetytwin/ssh_host_ed25519_key", keys["host_private"], "0600"),
            _file("/etc/safetytwin/ssh_host_ed25519_key.pub", keys["host_public"], "0644"),
            _file("/etc/safetytwin/authorized_keys", keys["authorized"], "0600"),
            _file("/etc/safetytwin/sshd_config", SSHD_CONFIG, "0644"),
            _file("/etc/systemd/system/safetytwin-ssh.service", SSH_UNIT, "0644"),
        ],
        # Not part of built images, which need none of it.
        "runcmd": [
            # From the second boot on: cloud-init has done its work, and its generator would run at each daemon-reload.
            ["touch", "/etc/cloud/cloud-init.disabled"],
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", "--no-block", "safetytwin-ssh.service"],
        ],
    }


def _file(path: str, content: str, mode: str) -> dict[str, str]:
    return {"path": path, "content": content, "permissions": mode, "owner": "root:root"}


def write_iso(path: str, texts: Mapping[str, str]) -> None:
    """Write the seed's ISO image in one step; readable by its owner only, as it carries a key and a password hash."""
    maker = next((argv for argv in MAKERS if shutil.which(argv[0])), None)
    if maker is None:
        raise TwinError("No program can create the seed's CD-ROM image: install genisoimage or xorriso.")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path), prefix=".new-") as work:
        for name, text in texts.items():
            with open(os.path.join(work, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        image = os.path.join(work, "seed.iso")
        sources = [os.path.join(work, name) for name in sorted(texts)]
        check(
            maker + ["-quiet", "-volid", "cidata", "-joliet", "-rock", "-output", image] + sources,
            "Making the seed image %s" % path,
        )
        os.chmod(image, 0o600)
        os.replace(image, path)
