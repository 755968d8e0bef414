# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads users and groups from /etc/passwd and /etc/group; it never opens /etc/shadow."""
from __future__ import annotations

from typing import Iterator

from ..._base.codec import text
from ..context import Context, result
from ..model import Body, Items


def collect(context: Context) -> Body:
    """Items `user:NAME` and `group:NAME`; invalid lines are left out, and the note names them."""
    groups, bad_groups = parse_groups(context.read("/etc/group") or b"")
    names: dict[int, str] = {}
    for name, group in groups.items():
        names.setdefault(group["gid"], name)
    users, bad_users = parse_users(context.read("/etc/passwd") or b"", names)
    items = {"group:" + name: group for name, group in groups.items()}
    items.update({"user:" + name: user for name, user in users.items()})
    note = "; ".join(
        "left out of %s: line %s" % (path, ", ".join(map(str, lines)))
        for path, lines in (("/etc/passwd", bad_users), ("/etc/group", bad_groups))
        if lines
    )
    return result(context.wanted(items), note=note)


def parse_users(content: bytes, group_names: dict[int, str]) -> tuple[Items, list[int]]:
    """({name: fields}, [numbers of bad lines]) of a passwd file's bytes; group_names is {gid: name}."""
    users: Items = {}
    bad = []
    for number, row in _rows(content, 7, (2, 3)):
        if row is None:
            bad.append(number)
            continue
        name, _password, uid, gid, gecos, home, shell = row
        group = group_names.get(int(gid), gid)
        users.setdefault(name, {"uid": int(uid), "group": group, "gecos": gecos, "home": home, "shell": shell})
    return users, bad


def parse_groups(content: bytes) -> tuple[Items, list[int]]:
    """({name: fields}, [numbers of bad lines]) of a group file's bytes."""
    groups: Items = {}
    bad = []
    for number, row in _rows(content, 4, (2,)):
        if row is None:
            bad.append(number)
            continue
        name, _password, gid, members = row
        groups.setdefault(name, {"gid": int(gid), "members": sorted(set(filter(None, members.split(","))))})
    return groups, bad


def _rows(content: bytes, width: int, numeric: tuple[int, ...]) -> Iterator[tuple[int, list[str] | None]]:
    """(line number, fields) of each line; fields is None if the line is invalid."""
    for number, line in enumerate(text(content).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(":")
        sound = len(fields) == width and fields[0] and fields[0][0] not in "+-"
        sound = sound and all(fields[place].isascii() and fields[place].isdigit() for place in numeric)
        yield number, fields if sound else None
