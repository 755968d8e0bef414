# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies accounts with one pass over passwd, group, shadow and gshadow, instead of one program for each account.

It holds the lock that shadow-utils and systemd-sysusers hold, keeps their backups (`passwd-` …) and makes new accounts
without a password. A user or group that gets another number takes its files along (chown_renumbered).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from typing import Iterator, Sequence

from ..._base.codec import raw, text, write_atomic
from ..._base.errors import Busy, TwinError
from ..model import Item, Spool
from ..parts import Applier, Step
from ..step_result import CHANGED, UNCHANGED, Done, failed
from . import chown_renumbered, home_dirs

ETC = "/etc"
FILES = {"group": 4, "gshadow": 4, "passwd": 7, "shadow": 9}  # fields of a line, in order of writing
NUMERIC = {"group": (2,), "passwd": (2, 3)}  # which of them hold a number
NAME = re.compile(r"[^\s:,/+~-][^\s:,/]*")
PATIENCE = 15  # seconds, as lckpwdf waits


def apply(steps: Sequence[Step], _spool: Spool, etc: str = ETC, root: str = "/") -> dict[str, Done]:
    """Bring users and groups to their wanted state."""
    with _locked(etc):
        tables = Tables(etc)
        before = tables.numbers()
        done = {step["id"]: _attempt(step, tables) for step in steps}
        tables.write()
    chown_renumbered.follow(before, tables.numbers(), root)
    for step in steps:
        if step["key"].startswith("user:") and step["want"] and not done[step["id"]].failed:
            name = step["key"].partition(":")[2]
            try:
                home_dirs.ensure(tables.lines["passwd"][name], root)
            except OSError as error:
                done[step["id"]] = failed("The home directory of %s was not made: %s." % (name, error.strerror or error))
    return done


def _attempt(step: Step, tables: Tables) -> Done:
    kind, name = step["key"].partition(":")[::2]
    try:
        if step["want"] is None:
            changed = tables.drop_user(name) if kind == "user" else tables.drop_group(name)
        elif not NAME.fullmatch(name):
            raise TwinError("%r cannot be the name of a %s: it would break /etc/%s." % (name, kind, "passwd" if kind == "user" else "group"))
        else:
            changed = tables.user(name, step["want"]) if kind == "user" else tables.group(name, step["want"])
    except TwinError as error:
        return failed(error)
    return CHANGED if changed else UNCHANGED


@contextlib.contextmanager
def _locked(etc: str) -> Iterator[None]:
    """The lock of lckpwdf(3)."""
    with open(os.path.join(etc, ".pwd.lock"), "a", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > end:
                    raise Busy("Another program holds %s/.pwd.lock; the next cycle continues." % etc) from None
                time.sleep(0.1)
        yield


class Tables:
    """The four files as {file: {name: [field, …]}} in the order of their lines; lines of another form stay."""

    def __init__(self, etc: str) -> None:
        self.etc = etc
        self.before = {name: self._read(name) for name in FILES}
        self.lines = {name: _parse(self.before[name], fields, NUMERIC.get(name, ())) for name, fields in FILES.items()}

    def _read(self, name: str) -> str:
        with open(os.path.join(self.etc, name), "rb") as stream:
            return text(stream.read())

    def numbers(self) -> chown_renumbered.Numbers:
        """{"passwd": {user: uid}, "group": {group: gid}}"""
        return {name: {key: int(line[2]) for key, line in self.lines[name].items() if len(line) > 1} for name in ("passwd", "group")}

    def user(self, name: str, want: Item) -> bool:
        """Apply the wanted user; True if a line changed."""
        line = [name, "x", _number(want["uid"], name), self._gid(want["group"], name)]
        line += [_field(want.get(field, ""), name) for field in ("gecos", "home", "shell")]
        old = self.lines["passwd"].get(name)
        if old and old[1] != "x":
            line[1] = old[1]
        self.lines["passwd"][name] = line
        # "!" lets nobody in by password; the host's hashes never come here
        self.lines["shadow"].setdefault(name, [name, "!", str(int(time.time() // 86400)), "0", "99999", "7", "", "", ""])
        return line != old

    def group(self, name: str, want: Item) -> bool:
        """Apply the wanted group; True if a line changed."""
        members = [_field(member, name) for member in want.get("members", [])]
        old, shadow = self.lines["group"].get(name), self.lines["gshadow"].setdefault(name, [name, "!", "", ""])
        # the same members in another order are the same group
        if old and sorted(filter(None, old[3].split(","))) == sorted(members):
            members = old[3].split(",")
        line = [name, old[1] if old else "x", _number(want["gid"], name), ",".join(members)]
        self.lines["group"][name] = line
        shadow[3] = line[3]
        return line != old

    def drop_user(self, name: str) -> bool:
        """Remove a user; the home directory stays, as with userdel."""
        self.lines["shadow"].pop(name, None)
        return self.lines["passwd"].pop(name, None) is not None

    def drop_group(self, name: str) -> bool:
        """Remove a group unless it is the primary group of a user."""
        line = self.lines["group"].get(name)
        users = [user for user, fields in self.lines["passwd"].items() if line and len(fields) > 3 and fields[3] == line[2]]
        if users:
            raise TwinError("The group %s was not removed: it is the primary group of %s." % (name, ", ".join(users)))
        self.lines["gshadow"].pop(name, None)
        return self.lines["group"].pop(name, None) is not None

    def _gid(self, group: str, user: str) -> str:
        if group in self.lines["group"]:
            return self.lines["group"][group][2]
        if group.isdigit():
            return group
        raise TwinError("The user %s needs the primary group %s, which the twin does not have." % (user, group))

    def write(self) -> None:
        """Replace the changed files and keep the old ones as backups, like shadow-utils."""
        for name in FILES:
            content = "".join(":".join(line) + "\n" for line in self.lines[name].values())
            if content != self.before[name]:
                path = os.path.join(self.etc, name)
                _replace(path + "-", raw(self.before[name]), path, 0o600)
                _replace(path, raw(content), path)


def _parse(content: str, fields: int, numeric: tuple[int, ...] = ()) -> dict[str, list[str]]:
    """{name: fields}; the key of a line of another form, such as one for NIS (`+@staff::::::`), is the whole line, which is also its only field."""
    rows = {}
    for line in content.splitlines():
        row = line.split(":")
        known = len(row) == fields and line[0] not in "+-#" and all(row[place].isdigit() for place in numeric)
        rows[row[0] if known else line] = row if known else [line]
    return rows


def _replace(path: str, content: bytes, like: str, mask: int = 0o7777) -> None:
    now = os.stat(like)
    write_atomic(path, content, now.st_mode & mask)
    os.chown(path, now.st_uid, now.st_gid)


def _number(value: int, name: str) -> str:
    if not 0 <= value < 2**32 - 1:
        raise TwinError("%d cannot be the number of %s." % (value, name))
    return str(value)


def _field(value: str, name: str) -> str:
    if re.search(r"[:\n\r]", value):
        raise TwinError("%s has a field with a colon or a line's end in it (%r), which would break its line." % (name, value))
    return value


APPLIERS: dict[str, Applier] = {"ensure": apply, "remove": apply}
