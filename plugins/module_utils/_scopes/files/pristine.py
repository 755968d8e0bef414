# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads file contents from the package files of the request."""

from __future__ import annotations

import os
import re
from typing import Iterable, Iterator

from ..._base.errors import TwinError
from ..._base.run import check, run
from ..model import Spool

_PATTERN = re.compile(rb"[*?\[\]\\\n]")
_MERGED = (b"/usr/bin/", b"/usr/sbin/", b"/usr/lib/", b"/usr/lib64/")


def unpack(paths: Iterable[bytes], spool: Spool) -> dict[bytes, list[bytes]]:
    """{path: [places where its packaged content may be]} for paths (bytes) that packages of this request own."""
    here = {key.partition(":")[0]: sorted(sent.values())[0] for key, sent in spool.packages.items()}
    if not here:
        return {}
    return {path: [_unpacked(here[name], spool) + place for place in _places(path)] for path, name in _owners(paths) if name in here}


def _owners(paths: Iterable[bytes]) -> Iterator[tuple[bytes, str]]:
    """(path, package) of each path that a package owns. A path that dpkg would read as a pattern counts as owned by none."""
    plain = [place for path in paths if not _PATTERN.search(path) for place in _places(path)]
    if not plain:
        return
    # exit status 1 means that no package owns some of the paths
    for line in run(["dpkg-query", "--search", *plain]).out.splitlines():
        names, _colon, place = line.rpartition(b": ")
        for path in paths:
            if place in _places(path):
                yield path, names.split(b",")[0].split(b":")[0].decode("ascii")


def _places(path: bytes) -> list[bytes]:
    """A path and, if directories such as /lib are links into /usr, the name that older packages use for it."""
    return [path] + ([path[len(b"/usr") :]] if path.startswith(_MERGED) else [])


def _unpacked(package: str, spool: Spool) -> bytes:
    directory = os.path.join(spool.directory, "unpacked", os.path.basename(package))
    if not os.path.isdir(directory):
        os.makedirs(directory, 0o700)
        check(["dpkg-deb", "--extract", package, directory], "Unpacking %s" % os.path.basename(package), timeout=300)
    if not os.listdir(directory):
        raise TwinError("%s holds no files." % os.path.basename(package))
    return os.fsencode(directory)
