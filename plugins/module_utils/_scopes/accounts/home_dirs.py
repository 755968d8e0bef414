# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates home directories of ordinary users, which no other scope creates."""

from __future__ import annotations

import os
import re
import shutil

ORDINARY = range(1000, 60000)  # UID_MIN to UID_MAX of login.defs, as Debian and its like ship it


def ensure(line: list[str], root: str = "/") -> None:
    """Create the home directory for a line of passwd from the skeleton, if it is missing and the user is an ordinary one."""
    uid, gid, home = int(line[2]), int(line[3]), line[5]
    path = os.path.join(root, home.lstrip("/"))
    if uid not in ORDINARY or not home.startswith("/") or os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    skeleton = os.path.join(root, "etc/skel")
    if os.path.isdir(skeleton):
        shutil.copytree(skeleton, path, symlinks=True)
    else:
        os.mkdir(path)
    for directory, subdirectories, names in os.walk(path):
        for name in subdirectories + names:
            os.lchown(os.path.join(directory, name), uid, gid)
    os.lchown(path, uid, gid)
    os.chmod(path, _mode(os.path.join(root, "etc/login.defs")))


def _mode(definitions: str) -> int:
    """The mode that useradd gives a home directory: HOME_MODE of login.defs, otherwise the mode that UMASK allows."""
    try:
        with open(definitions, encoding="utf-8", errors="replace") as stream:
            known = dict(line.split()[:2] for line in stream if re.match(r"(HOME_MODE|UMASK)\s+0?[0-7]{3}\s*$", line))
    except FileNotFoundError:
        known = {}
    return int(known["HOME_MODE"], 8) if "HOME_MODE" in known else 0o777 & ~int(known.get("UMASK", "077"), 8)
