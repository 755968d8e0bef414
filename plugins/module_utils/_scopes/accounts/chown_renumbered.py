# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes the owner of files after a uid or gid changed, with one pass over the disk."""

from __future__ import annotations

import collections
import os
import stat
from typing import Dict

from ..._base import trust
from ..._base.run import check

# {"passwd": {name: uid}, "group": {name: gid}}
Numbers = Dict[str, Dict[str, int]]


def follow(before: Numbers, after: Numbers, root: str = "/") -> None:
    """Change the owner of files from the old numbers to the new ones."""
    uids, gids = (_moved(before[table], after[table]) for table in ("passwd", "group"))
    if not uids and not gids:
        return
    tests = [["-uid", str(uid)] for uid in sorted(uids)] + [["-gid", str(gid)] for gid in sorted(gids)]
    expression = [word for test in tests for word in ["-o"] + test][1:]
    out = check(
        ["find"] + _roots(root) + ["-xdev", "("] + expression + [")", "-printf", "%U %G %p\\0"],
        "Finding files of renumbered accounts",
        timeout=600,
    )
    for row in out.split(b"\0")[:-1]:
        uid, gid, path = row.split(b" ", 2)
        _give(path, (int(uid), int(gid)), (uids.get(int(uid), int(uid)), gids.get(int(gid), int(gid))))


def _moved(before: dict[str, int], after: dict[str, int]) -> dict[int, int]:
    """{old number: new number} of names whose number changed; a number that several names share is left out."""
    owners = collections.Counter(before.values())
    return {number: after[name] for name, number in before.items() if after.get(name, number) != number and owners[number] == 1}


def _roots(root: str) -> list[str]:
    """Mount points to search: the disk, and the memory file systems of running services."""
    run = os.path.join(root, "run")
    return [root] + ([run] if os.path.ismount(run) else [])


def _give(path: bytes, found: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Change the owner (uid, gid) of what lies at path, if the search found it so. Its directory may belong to a user who replaces it meanwhile."""
    try:
        with trust.parent(path) as (at, name):
            handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    except OSError:
        return  # it was removed or replaced after the search found it
    try:
        now = os.fstat(handle)
        if (now.st_uid, now.st_gid) != found:
            return
        os.chown(trust.itself(handle), *wanted)
        # a change of owner clears set-user-id bits
        if stat.S_ISREG(now.st_mode) and now.st_mode & (stat.S_ISUID | stat.S_ISGID):
            os.chmod(trust.itself(handle), stat.S_IMODE(now.st_mode))
    finally:
        os.close(handle)
