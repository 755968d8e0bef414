# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads dpkg's database: installed packages, owners of paths, and digests of package files."""
from __future__ import annotations

import os
import re
import threading
from typing import Iterable, Iterator, NamedTuple, TypedDict

from ..._base.codec import text
from ..context import Context

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"
# Where ownership is known; paths elsewhere are nobody's concern here.
TERRITORY = ("/etc/", "/usr/local/", "/opt/", "/usr/lib/systemd/", "/usr/share/keyrings/", "/var/lib/systemd/")


class Package(NamedTuple):
    """A stanza of the status file; conffiles is {path: md5}."""

    name: str
    architecture: str
    version: str
    want: str
    state: str
    conffiles: dict[str, str]


class Index(TypedDict):
    """Whose the files in TERRITORY are, {path: package}, and what is in them as packaged, {path: md5}."""

    owners: dict[str, str]
    md5: dict[str, str]


_FIELD = re.compile(r"^(Package|Architecture|Version|Status): *(.*)$", re.MULTILINE)
_CONFFILES = re.compile(r"^Conffiles:\n((?: .*\n?)+)", re.MULTILINE)
_building = threading.Lock()


def packages(context: Context) -> list[Package]:
    """[Package] of the status file."""
    return parse_status(text(context.read(STATUS) or b""))


def parse_status(content: str) -> list[Package]:
    """[Package] of a status file's text."""
    found = []
    for stanza in content.split("\n\n"):
        fields = dict(_FIELD.findall(stanza))
        if "Package" not in fields:
            continue
        want, _flag, state = (fields.get("Status", "").split() + ["", "", ""])[:3]
        name, architecture = fields["Package"], fields.get("Architecture", "all")
        found.append(Package(name, architecture, fields.get("Version", ""), want, state, _conffiles(stanza)))
    return found


def _conffiles(stanza: str) -> dict[str, str]:
    block = _CONFFILES.search(stanza)
    rows = (line.split(" ") for line in block.group(1).splitlines()) if block else ()
    # " PATH MD5 [obsolete|remove-on-upgrade]"; a path may itself hold blanks.
    cleaned = ([part for part in row if part not in ("obsolete", "remove-on-upgrade")] for row in rows)
    return {" ".join(row[1:-1]): row[-1] for row in cleaned if len(row) > 2}


def modern(path: str) -> str:
    """A path as it reads on a system whose /bin, /sbin and /lib are links into /usr; so do databases of both kinds agree."""
    return "/usr" + path if path.startswith(("/lib/", "/bin/", "/sbin/", "/lib64/")) else path


def owners(context: Context, paths: Iterable[str]) -> dict[str, str]:
    """{path: package} for those of the paths in TERRITORY that belong to a package."""
    known = index(context)["owners"]
    return {path: known[modern(path)] for path in paths if modern(path) in known}


def index(context: Context) -> Index:
    """The Index, kept until dpkg's database changes."""
    with _building:
        stamp = [context.stamp(STATUS), context.stamp(INFO)]
        if context.common.get("dpkg stamp") != stamp:
            context.common["dpkg"] = _build(context)
            context.common["dpkg stamp"] = stamp
        known: Index = context.common["dpkg"]
        return known


def _build(context: Context) -> Index:
    names: dict[str, str] = {}
    checksums: dict[str, str] = {}
    for entry in _entries(context):
        name, kind = os.path.splitext(entry)
        if kind == ".list":
            names.update(dict.fromkeys(_listed(context, entry), name.partition(":")[0]))
        elif kind == ".md5sums":
            checksums.update(_summed(context, entry))
    for package in packages(context):
        for path, md5 in package.conffiles.items():
            names.setdefault(path, package.name)
            checksums[path] = md5
    return {"owners": names, "md5": checksums}


def _entries(context: Context) -> list[str]:
    try:
        return sorted(os.listdir(context.at(INFO)))
    except FileNotFoundError:
        return []


def _listed(context: Context, entry: str) -> list[str]:
    lines = text(context.read("%s/%s" % (INFO, entry)) or b"").split("\n")
    return [path for path in map(modern, lines) if path.startswith(TERRITORY)]


def _summed(context: Context, entry: str) -> Iterator[tuple[str, str]]:
    """(path, md5) of a .md5sums file, whose lines are "MD5  path without its first slash"."""
    for line in text(context.read("%s/%s" % (INFO, entry)) or b"").split("\n"):
        path = modern("/" + line[34:])
        if path.startswith(TERRITORY):
            yield path, line[:32]
