# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a read, and helpers that all collectors use."""
from __future__ import annotations

import os
from typing import Any, Iterable, List

from .model import Body, Items, Reasons

HOST = "host"
TWIN = "twin"

Stamp = List[int]


class Context:
    """Options of one harvest, as a collector gets them.

    role: HOST (redacts) or TWIN (does not). roots, exclude: the user's extra directories and path patterns. only: read just
    these keys, or None. cache: this scope's dict, kept between harvests (JSON values). common: the same for all scopes. root: where
    the machine's tree begins, "" for the machine itself. tolerant: one of several sources that cannot be read is told in missed, and
    the others are given. missed: a sentence for each thing that this read could not learn. opened: the directory that is being read, and its descriptor.
    """

    def __init__(
        self, role: str = HOST, roots: Iterable[str] = (), exclude: Iterable[str] = (), only: Iterable[str] | None = None,
        cache: dict[str, Any] | None = None, common: dict[str, Any] | None = None, root: str = "", tolerant: bool = False,
    ) -> None:
        self.role = role
        self.roots = tuple(roots)
        self.exclude = tuple(exclude)
        self.only = None if only is None else set(only)
        self.cache = {} if cache is None else cache
        self.common = {} if common is None else common
        self.root = root
        self.tolerant = tolerant
        self.missed: list[str] = []
        self.opened: tuple[str, int] | None = None

    def at(self, path: str) -> str:
        """The path below root of an absolute path of the machine."""
        return self.root + path

    def read(self, path: str) -> bytes | None:
        """Bytes of a small file, or None if it does not exist; other errors are raised as OSError."""
        try:
            with open(self.at(path), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def stamp(self, path: str) -> Stamp | None:
        """[device, inode, size, mtime, ctime] of a path, or None: equal stamps mean an unchanged file."""
        try:
            return stamp_of(os.stat(self.at(path)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def wanted(self, items: Items) -> Items:
        """The items whose keys are in `only`; all of them if it is None."""
        return items if self.only is None else {key: item for key, item in items.items() if key in self.only}


def stamp_of(info: os.stat_result) -> Stamp:
    """The stamp of an os.stat_result."""
    return [info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns]


def result(items: Items, excluded: Reasons | None = None, note: str = "", status: str = "ok") -> Body:
    """The result of a collector. excluded is {key: reason}; status is ok, empty or failed."""
    return {"status": status, "note": note, "items": items, "excluded": excluded or {}}
