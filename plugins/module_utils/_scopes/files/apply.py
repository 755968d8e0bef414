# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies directories, regular files and links; each is replaced atomically and belongs to a user and group of the twin.

Paths are bytes throughout and never meet a shell. Nothing is flushed file by file: a twin that
crashes is read as a whole before it is trusted again.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import secrets
import shutil
import stat
from typing import Any, Callable, Sequence

from ..._base import paths
from ..._base.codec import raw
from ..._base.errors import Refused, TwinError
from ..model import Item, Spool
from ..parts import Applier, Step
from ..step_result import Done, failed
from . import pristine

OURS = tuple(raw(path) for path in (paths.CONFIGURATION, paths.STATE, paths.RUN))


def apply(steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """Remove and create files in the order of the plan, which removes children before and creates them after their parents."""
    contents = _Contents(spool, steps)
    return {step["id"]: _attempt(step, contents) for step in steps}


def _path(step: Step) -> bytes:
    return raw(step["key"])


def _attempt(step: Step, contents: _Contents) -> Done:
    path, want = _path(step), step["want"]
    try:
        _admit(path)
        if want is None:
            return Done(_remove(path), None)
        if want["type"] == "dir":
            return Done(_directory(path, want), None)
        if want["type"] == "link":
            return Done(_link(path, want), None)
        if want["type"] == "file":
            return Done(_file(path, want, contents), None)
        return failed("special_file: %s is a %s, which only what owns it can make." % (step["key"], want["type"]))
    except TwinError as error:
        return failed(error)
    except OSError as error:
        return failed("%s: %s." % (step["key"], error.strerror))


def _admit(path: bytes) -> None:
    if not path.startswith(b"/") or os.path.normpath(path) != path or b"\0" in path:
        raise Refused("%s is no absolute, plain path." % _shown(path))
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    if any((place + b"/").startswith(ours + b"/") for ours in OURS for place in (path, real)):
        raise Refused("%s belongs to the twin itself and is left alone." % _shown(path))


def _status(path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove(path: bytes) -> bool:
    now = _status(path)
    if now is None:
        return False
    if stat.S_ISDIR(now.st_mode):
        _rmdir(path)
    else:
        os.unlink(path)
    return True


def _rmdir(path: bytes) -> None:
    """Remove an empty directory. A directory that holds something outside the plan stays, because its content would be lost."""
    try:
        os.rmdir(path)
    except OSError as error:
        left = os.listdir(path)
        if not left:
            raise
        raise TwinError("%s is left: %d entries in it are not in the plan, %s among them." % (_shown(path), len(left), _shown(left[0]))) from error


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _directory(path: bytes, want: Item) -> bool:
    now = _status(path)
    made = now is None or not stat.S_ISDIR(now.st_mode)
    if made:
        _parents(path)
        if now is not None:
            os.unlink(path)
        os.mkdir(path, 0o700)
    return _attributes(path, want, os.lstat(path)) or made


def _parents(path: bytes) -> None:
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)


def _link(path: bytes, want: Item) -> bool:
    target, now = raw(want["target"]), _status(path)
    if now is not None and stat.S_ISLNK(now.st_mode) and os.readlink(path) == target:
        return _attributes(path, want, now)
    _parents(path)
    _clear(path, now)
    _replace(path, lambda new: os.symlink(target, new))
    _attributes(path, want, os.lstat(path))
    return True


def _file(path: bytes, want: Item, contents: _Contents) -> bool:
    now = _status(path)
    if now is not None and stat.S_ISREG(now.st_mode) and _same(path, want, now):
        return _attributes(path, want, now)
    source = contents.find(path, want["digest"])
    _parents(path)
    _clear(path, now)
    _replace(path, lambda new: _write(source, new, want))
    return True


def _write(source: str | bytes, path: bytes, want: Item) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(source, "rb") as reader, os.fdopen(handle, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
    _attributes(path, want, os.lstat(path))


def _clear(path: bytes, now: os.stat_result | None) -> None:
    """Remove a directory at path, because a rename cannot replace it."""
    if now is not None and stat.S_ISDIR(now.st_mode):
        _rmdir(path)


def _replace(path: bytes, make: Callable[[bytes], None]) -> None:
    """Create the new entry next to the old one and rename it, so that readers see either the old or the new one."""
    new = os.path.join(os.path.dirname(path), b".safetytwin-" + secrets.token_hex(8).encode("ascii"))
    try:
        make(new)
        os.rename(new, path)
    except BaseException:
        if os.path.lexists(new):
            os.unlink(new)
        raise


def _attributes(path: bytes, want: Item, now: os.stat_result) -> bool:
    """Set owner, group and mode of a path (never of a link's target); True if one differed."""
    uid = now.st_uid if want.get("owner") is None else _id(want["owner"], pwd.getpwnam, "user")
    gid = now.st_gid if want.get("group") is None else _id(want["group"], grp.getgrnam, "group")
    owned = (uid, gid) != (now.st_uid, now.st_gid)
    if owned:
        os.lchown(path, uid, gid)
    if stat.S_ISLNK(now.st_mode) or want.get("mode") is None:
        return owned
    mode = int(want["mode"], 8)
    # a change of owner clears set-user-id bits, so the mode comes second
    if owned or mode != stat.S_IMODE(now.st_mode):
        os.chmod(path, mode)
    return owned or mode != stat.S_IMODE(now.st_mode)


def _id(name: str, look_up: Callable[[str], Any], kind: str) -> int:
    try:
        return int(look_up(name)[2])
    except KeyError:
        if name.isdigit():
            return int(name)
        raise TwinError("The twin has no %s %s: converge the accounts first." % (kind, name)) from None


def _same(path: bytes, want: Item, now: os.stat_result) -> bool:
    if want.get("size") is not None and want["size"] != now.st_size:
        return False
    return bool(_digest(path) == want["digest"])


def _digest(path: bytes) -> str:
    seen = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            seen.update(chunk)
    return seen.hexdigest()


class _Contents:
    """Source of a wanted file's content: a blob of the request, otherwise a package file of the request."""

    def __init__(self, spool: Spool, steps: Sequence[Step]) -> None:
        self.spool = spool
        wants = ((_path(step), step["want"]) for step in steps)
        self.missing = [path for path, want in wants if want and want["type"] == "file" and not spool.blob(want["digest"])]
        self.unpacked: dict[bytes, list[bytes]] | None = None

    def find(self, path: bytes, digest: str) -> str | bytes:
        return self.spool.blob(digest) or self._pristine(path, digest)

    def _pristine(self, path: bytes, digest: str) -> bytes:
        if self.unpacked is None:
            self.unpacked = pristine.unpack(self.missing, self.spool)
        for candidate in self.unpacked.get(path, ()):
            if os.path.isfile(candidate) and _digest(candidate) == digest:
                return candidate
        raise TwinError("content_pending: the request brought neither its bytes nor a package file that holds them")


APPLIERS: dict[str, Applier] = {"place": apply}
