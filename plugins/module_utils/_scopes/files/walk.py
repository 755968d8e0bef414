# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the paths of the files scope with their lstat, without contents.

Users can replace what lies in directories of theirs at any moment. So a directory is entered only if it is the one that was found there (device and
inode), its entries are looked at relative to its descriptor, and links on the way to a standard directory or root are followed only if root made them.
"""
from __future__ import annotations

import os
import stat
from typing import Iterable, Iterator, Optional, Tuple

from ..._base import trust
from ..._base.codec import raw, text
from ..context import Context
from . import rules
from .content import place

UNITS = ("/usr/lib/systemd/system", "/usr/lib/systemd/user", "/lib/systemd/system", "/lib/systemd/user")
TOPS = ("/etc", "/usr/local", "/opt", "/usr/share/keyrings", "/var/lib/systemd/linger") + UNITS

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# A path, its lstat, and the reason why it is left out: one of the two is None.
Seen = Tuple[str, Optional[os.stat_result], Optional[str]]


def paths(context: Context) -> Iterator[Seen]:
    """(path, lstat or None, reason or None) of everything below the standard directories and the user's roots."""
    seen: set[tuple[int, int]] = set()
    for top in TOPS + context.roots:
        top = top.rstrip("/") or "/"
        try:
            handle = trust.open_directory(raw(context.at(top)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            yield top, None, "unreadable"
            continue
        try:
            info = os.fstat(handle)
            # /lib is /usr/lib on most systems, and a root may lie below another.
            if (info.st_dev, info.st_ino) in seen:
                continue
            seen.add((info.st_dev, info.st_ino))
            if top in context.roots:
                yield top, info, None
            yield from _below(context, top, trust.itself(handle), info, seen)
        finally:
            os.close(handle)


def _below(context: Context, top: str, at: str, info: os.stat_result, seen: set[tuple[int, int]]) -> Iterator[Seen]:
    device = info.st_dev
    waiting = [(top, raw(at), info.st_ino)]
    while waiting:
        directory, at_directory, inode = waiting.pop()
        try:
            handle = os.open(at_directory, _ENTER if directory != top else _ENTER & ~os.O_NOFOLLOW)
        except PermissionError:
            yield directory, None, "unreadable"
            continue
        except OSError:
            yield directory, None, "vanished"
            continue
        prefix = directory.rstrip("/")
        try:
            now = os.fstat(handle)
            if (now.st_dev, now.st_ino) != (device, inode):
                yield directory, None, "vanished"
                continue
            context.opened = (prefix, handle)
            for path, found, verdict in _entries(context, prefix, handle):
                if found and stat.S_ISDIR(found.st_mode):
                    if found.st_dev != device:
                        found, verdict = None, "other_filesystem"
                    elif (found.st_dev, found.st_ino) in seen:
                        continue
                    else:
                        seen.add((found.st_dev, found.st_ino))
                        waiting.append((path, raw(context.at(path)), found.st_ino))
                yield path, found, verdict
        finally:
            context.opened = None
            os.close(handle)


def _entries(context: Context, prefix: str, handle: int) -> Iterator[Seen]:
    with os.scandir(handle) as entries:
        for entry in entries:
            # Python decodes these names as the locale says.
            path = "%s/%s" % (prefix, text(os.fsencode(entry.name)))
            verdict = rules.verdict(path, link=entry.is_symlink(), exclude=context.exclude)
            if verdict != rules.IGNORE:
                info, verdict = (None, verdict) if verdict else _look(entry)
                yield path, info, verdict


def _look(entry: os.DirEntry[str]) -> tuple[os.stat_result | None, str | None]:
    try:
        return entry.stat(follow_symlinks=False), None
    except FileNotFoundError:
        return None, "vanished"


def named(context: Context, wanted: Iterable[str]) -> Iterator[Seen]:
    """The same for the given paths only; paths that do not exist are left out."""
    for path in sorted(wanted):
        try:
            with place(context, path) as (handle, name):
                info = os.stat(name, dir_fd=handle, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            yield path, None, "unreadable"
            continue
        verdict = rules.covering(path, link=stat.S_ISLNK(info.st_mode), exclude=context.exclude)
        if verdict != rules.IGNORE:
            yield path, None if verdict else info, verdict
