# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that identify this machine: machine-id, boot id, distribution."""
from __future__ import annotations

import os
import re
import shlex
from typing import Any

from .codec import text

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")


def machine(root: str = "") -> dict[str, Any]:
    """The machine part of a harvest; a value that the machine does not have is an empty string."""
    release = os_release(root)
    return {
        "machine_id": _line(root + "/etc/machine-id"),
        "boot_id": boot_id(),
        "hostname": os.uname().nodename,
        "distribution": {
            "id": release.get("ID", ""),
            "version_id": release.get("VERSION_ID", ""),
            "codename": release.get("VERSION_CODENAME", ""),
            "name": release.get("PRETTY_NAME", ""),
            "like": release.get("ID_LIKE", "").split(),
        },
        "architecture": os.uname().machine,
        "product_uuid": _line("/sys/class/dmi/id/product_uuid").lower(),
    }


def boot_id() -> str:
    """The id of this boot; it changes with each boot."""
    return _line("/proc/sys/kernel/random/boot_id")


def os_release(root: str = "") -> dict[str, str]:
    """{NAME: value} of os-release; {} if the file does not exist."""
    for path in OS_RELEASE:
        content = _read(root + path)
        if content:
            return parse_os_release(content)
    return {}


def parse_os_release(content: str) -> dict[str, str]:
    """{NAME: value} of the text of os-release; lines that are not shell assignments are left out."""
    found = {}
    for name, value in re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", content, re.MULTILINE):
        try:
            found[name] = " ".join(shlex.split(value))
        except ValueError:  # an open quote
            continue
    return found


def _line(path: str) -> str:
    return _read(path).strip()


def _read(path: str) -> str:
    """The text of a small file; "" if it does not exist or this user may not read it."""
    try:
        with open(path, "rb") as stream:
            return text(stream.read())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ""
