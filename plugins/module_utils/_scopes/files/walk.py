# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the paths of the files scope with their lstat, without contents."""
from __future__ import annotations

import os
import stat
from typing import Iterable, Iterator, Optional, Tuple

from ..._base.codec import raw, text
from ..context import Context
from . import rules

UNITS = ("/usr/lib/systemd/system", "/usr/lib/systemd/user", "/lib/systemd/system", "/lib/systemd/user")
TOPS = ("/etc", "/usr/local", "/opt", "/usr/share/keyrings", "/var/lib/systemd/linger") + UNITS

# A path, its lstat, and the reason why it is left out: one of the two is None.
Seen = Tuple[str, Optional[os.stat_result], Optional[str]]


def paths(context: Context) -> Iterator[Seen]:
    """(path, lstat or None, reason or None) of everything below the standard directories and the user's roots."""
    seen: set[tuple[int, int]] = set()
    for top in TOPS + context.roots:
        top = top.rstrip("/") or "/"
        try:
            info = os.stat(raw(context.at(top)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        # /lib is /usr/lib on most systems, and a root may lie below another.
        if (info.st_dev, info.st_ino) in seen or not stat.S_ISDIR(info.st_mode):
            continue
        seen.add((info.st_dev, info.st_ino))
        if top in context.roots:
            yield top, info, None
        yield from _below(context, top, info.st_dev, seen)


def _below(context: Context, top: str, device: int, seen: set[tuple[int, int]]) -> Iterator[Seen]:
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        try:
            entries = list(os.scandir(raw(context.at(directory))))
        except PermissionError:
            yield directory, None, "unreadable"
            continue
        except (FileNotFoundError, NotADirectoryError):
            yield directory, None, "vanished"
            continue
        for entry in entries:
            path = "%s/%s" % (directory.rstrip("/"), text(entry.name))
            verdict = rules.verdict(path, link=entry.is_symlink(), exclude=context.exclude)
            if verdict == rules.IGNORE:
                continue
            info, verdict = (None, verdict) if verdict else _look(entry)
            if info and stat.S_ISDIR(info.st_mode):
                if info.st_dev != device:
                    info, verdict = None, "other_filesystem"
                elif (info.st_dev, info.st_ino) in seen:
                    continue
                else:
                    seen.add((info.st_dev, info.st_ino))
                    waiting.append(path)
            yield path, info, verdict


def _look(entry: os.DirEntry[bytes]) -> tuple[os.stat_result | None, str | None]:
    try:
        return entry.stat(follow_symlinks=False), None
    except FileNotFoundError:
        return None, "vanished"


def named(context: Context, wanted: Iterable[str]) -> Iterator[Seen]:
    """The same for the given paths only; paths that do not exist are left out."""
    for path in sorted(wanted):
        try:
            info = os.lstat(raw(context.at(path)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        verdict = rules.covering(path, link=stat.S_ISLNK(info.st_mode), exclude=context.exclude)
        if verdict != rules.IGNORE:
            yield path, None if verdict else info, verdict
