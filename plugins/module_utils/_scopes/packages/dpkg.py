# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dpkg's own database, read directly: what is installed, who owns a path, and what a package's files were."""
from __future__ import annotations

import collections
import os
import re
import threading

from ..._base.codec import text

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"
# Where ownership is known; paths elsewhere are nobody's concern here.
TERRITORY = ("/etc/", "/usr/local/", "/opt/", "/usr/lib/systemd/", "/var/lib/systemd/")

Package = collections.namedtuple("Package", "name architecture version want state conffiles")

_FIELD = re.compile(r"^(Package|Architecture|Version|Status): *(.*)$", re.MULTILINE)
_CONFFILES = re.compile(r"^Conffiles:\n((?: .*\n?)+)", re.MULTILINE)
_building = threading.Lock()


def packages(context):
    """[Package] of the status file; conffiles is {path: md5}."""
    return parse_status(text(context.read(STATUS) or b""))


def parse_status(content):
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


def _conffiles(stanza):
    block = _CONFFILES.search(stanza)
    rows = (line.split(" ") for line in block.group(1).splitlines()) if block else ()
    # " PATH MD5 [obsolete|remove-on-upgrade]"; a path may itself hold blanks.
    cleaned = ([part for part in row if part not in ("obsolete", "remove-on-upgrade")] for row in rows)
    return {" ".join(row[1:-1]): row[-1] for row in cleaned if len(row) > 2}


def modern(path):
    """A path as it reads on a system whose /bin, /sbin and /lib are links into /usr; so do databases of both kinds agree."""
    return "/usr" + path if path.startswith(("/lib/", "/bin/", "/sbin/", "/lib64/")) else path


def owners(context, paths):
    """{path: package} for those of the paths in TERRITORY that belong to a package."""
    known = index(context)["owners"]
    return {path: known[modern(path)] for path in paths if modern(path) in known}


def index(context):
    """{"owners": {path: package}, "md5": {path: md5 as packaged}} for TERRITORY, kept until dpkg's database changes."""
    with _building:
        stamp = [context.stamp(STATUS), context.stamp(INFO)]
        if context.common.get("dpkg stamp") != stamp:
            context.common["dpkg"] = _build(context)
            context.common["dpkg stamp"] = stamp
        return context.common["dpkg"]


def _build(context):
    names, checksums = {}, {}
    for entry in _entries(context):
        package, kind = os.path.splitext(entry)
        if kind == ".list":
            names.update(dict.fromkeys(_listed(context, entry), package.partition(":")[0]))
        elif kind == ".md5sums":
            checksums.update(_summed(context, entry))
    for package in packages(context):
        for path, md5 in package.conffiles.items():
            names.setdefault(path, package.name)
            checksums[path] = md5
    return {"owners": names, "md5": checksums}


def _entries(context):
    try:
        return sorted(os.listdir(context.at(INFO)))
    except FileNotFoundError:
        return []


def _listed(context, entry):
    lines = text(context.read("%s/%s" % (INFO, entry)) or b"").split("\n")
    return [path for path in map(modern, lines) if path.startswith(TERRITORY)]


def _summed(context, entry):
    """(path, md5) of a .md5sums file, whose lines are "MD5  path without its first slash"."""
    for line in text(context.read("%s/%s" % (INFO, entry)) or b"").split("\n"):
        path = modern("/" + line[34:])
        if path.startswith(TERRITORY):
            yield path, line[:32]
