# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates home directories of ordinary users, which no other scope creates."""

from __future__ import annotations

import os
import re
import shutil

from ..._base import trust

ORDINARY = range(1000, 60000)  # UID_MIN to UID_MAX of login.defs, as Debian and its like ship it


def ensure(line: list[str], root: str = "/") -> None:
    """Create the home directory for a line of passwd from the skeleton, if it is missing and the user is an ordinary one."""
    uid, gid, home = int(line[2]), int(line[3]), line[5]
    if uid not in ORDINARY or not home.startswith("/") or not home.strip("/"):
        return
    with trust.parent(os.path.join(root, home.strip("/")), 0o755) as (at, name):
        try:
            os.mkdir(name, 0o700, dir_fd=at)
        except FileExistsError:
            return
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        if os.fstat(handle).st_uid == os.geteuid() and not os.listdir(handle):  # else the owner of the directory above replaced it
            _fill(trust.itself(handle), uid, gid, root)
    finally:
        os.close(handle)


def _fill(path: str, uid: int, gid: int, root: str) -> None:
    skeleton = os.path.join(root, "etc/skel")
    if os.path.isdir(skeleton):
        shutil.copytree(skeleton, path, symlinks=True, dirs_exist_ok=True)
    # What a directory holds comes before it: from then on its user may replace that.
    for directory, subdirectories, names in os.walk(path, topdown=False):
        for name in subdirectories + names:
            os.lchown(os.path.join(directory, name), uid, gid)
    os.chmod(path, _mode(os.path.join(root, "etc/login.defs")))
    os.chown(path, uid, gid)


def _mode(definitions: str) -> int:
    """The mode that useradd gives a home directory: HOME_MODE of login.defs, otherwise the mode that UMASK allows."""
    try:
        with open(definitions, encoding="utf-8", errors="replace") as stream:
            known = dict(line.split()[:2] for line in stream if re.match(r"(HOME_MODE|UMASK)\s+0?[0-7]{3}\s*$", line))
    except FileNotFoundError:
        known = {}
    return int(known["HOME_MODE"], 8) if "HOME_MODE" in known else 0o777 & ~int(known.get("UMASK", "077"), 8)
