# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies directories, regular files and links; each is replaced atomically and belongs to a user and group of the twin.

Paths are bytes throughout and never meet a shell. A directory may belong to a user who replaces its entries meanwhile, so entries are opened
relative to their directory, and owner and mode are set by descriptor. Nothing is flushed file by file: a twin that
crashes is read as a whole before it is trusted again.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import os
import pwd
import secrets
import shutil
import stat
from typing import Any, Callable, Iterator, NamedTuple, Sequence

from ..._base import paths, trust
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


class _Place(NamedTuple):
    """An entry of a directory: the descriptor of the directory, the name in it, and the whole path for messages."""

    at: int
    name: bytes
    path: bytes


def _attempt(step: Step, contents: _Contents) -> Done:
    path, want = raw(step["key"]), step["want"]
    try:
        _admit(path)
        if want is not None and want["type"] not in _MAKERS:
            return failed("special_file: %s is a %s, which only what owns it can make." % (step["key"], want["type"]))
        with trust.parent(path, None if want is None else 0o755) as (at, name):
            place = _Place(at, name, path)
            return Done(_remove(place) if want is None else _MAKERS[want["type"]](place, want, contents), None)
    except TwinError as error:
        return failed(error)
    except OSError as error:
        if want is None and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return Done(False, None)
        return failed("%s: %s." % (step["key"], error.strerror))


def _admit(path: bytes) -> None:
    if not path.startswith(b"/") or os.path.normpath(path) != path or b"\0" in path:
        raise Refused("%s is no absolute, plain path." % _shown(path))
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    if any((place + b"/").startswith(ours + b"/") for ours in OURS for place in (path, real)):
        raise Refused("%s belongs to the twin itself and is left alone." % _shown(path))


@contextlib.contextmanager
def _opened(place: _Place) -> Iterator[tuple[int, os.stat_result | None]]:
    """(descriptor, status) of an entry, which is not followed; the status is None if there is no entry."""
    try:
        handle = os.open(place.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.at)
    except FileNotFoundError:
        yield -1, None
        return
    try:
        yield handle, os.fstat(handle)
    finally:
        os.close(handle)


def _remove(place: _Place) -> bool:
    with _opened(place) as (_handle, now):
        if now is None:
            return False
    if stat.S_ISDIR(now.st_mode):
        _rmdir(place)
    else:
        os.unlink(place.name, dir_fd=place.at)
    return True


def _rmdir(place: _Place) -> None:
    """Remove an empty directory. A directory that holds something outside the plan stays, because its content would be lost."""
    try:
        os.rmdir(place.name, dir_fd=place.at)
    except OSError as error:
        with _opened(place) as (handle, _now):
            left = os.listdir(os.fsencode(trust.itself(handle)))
        if not left:
            raise
        raise TwinError("%s is left: %d entries in it are not in the plan, %s among them." % (_shown(place.path), len(left), _shown(left[0]))) from error


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _directory(place: _Place, want: Item, _contents: _Contents) -> bool:
    with _opened(place) as (_handle, now):
        made = now is None or not stat.S_ISDIR(now.st_mode)
    if made:
        if now is not None:
            os.unlink(place.name, dir_fd=place.at)
        os.mkdir(place.name, 0o700, dir_fd=place.at)
    return _adjust(place, want) or made


def _adjust(place: _Place, want: Item) -> bool:
    """Set the attributes of what is there, if it is of the wanted type."""
    with _opened(place) as (handle, now):
        if now is None or stat.S_IFMT(now.st_mode) != _FORMATS[want["type"]]:
            raise TwinError("%s was replaced while it was made; the next cycle tries again." % _shown(place.path))
        return _attributes(handle, want, now)


def _link(place: _Place, want: Item, _contents: _Contents) -> bool:
    target = raw(want["target"])
    with _opened(place) as (handle, now):
        if now is not None and stat.S_ISLNK(now.st_mode) and os.readlink(b"", dir_fd=handle) == target:
            return _attributes(handle, want, now)
    _clear(place, now)

    def make(new: _Place) -> None:
        os.symlink(target, new.name, dir_fd=new.at)
        _adjust(new, want)

    _replace(place, make)
    return True


def _file(place: _Place, want: Item, contents: _Contents) -> bool:
    with _opened(place) as (handle, now):
        if now is not None and stat.S_ISREG(now.st_mode) and _same(trust.itself(handle), want, now):
            return _attributes(handle, want, now)
    source = contents.find(place.path, want["digest"])
    _clear(place, now)
    _replace(place, lambda new: _write(source, new, want))
    return True


def _write(source: str | bytes, place: _Place, want: Item) -> None:
    handle = os.open(place.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=place.at)
    with open(source, "rb") as reader, os.fdopen(handle, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()  # a later write would clear set-user-id bits
        _attributes(handle, want, os.fstat(handle))


def _clear(place: _Place, now: os.stat_result | None) -> None:
    """Remove a directory in the place, because a rename cannot replace it."""
    if now is not None and stat.S_ISDIR(now.st_mode):
        _rmdir(place)


def _replace(place: _Place, make: Callable[[_Place], None]) -> None:
    """Create the new entry next to the old one and rename it, so that readers see either the old or the new one."""
    new = place._replace(name=b".safetytwin-" + secrets.token_hex(8).encode("ascii"))
    try:
        make(new)
        os.rename(new.name, place.name, src_dir_fd=new.at, dst_dir_fd=place.at)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new.name, dir_fd=new.at)
        raise


def _attributes(handle: int, want: Item, now: os.stat_result) -> bool:
    """Set owner, group and mode of what is open as handle; True if one differed."""
    uid = now.st_uid if want.get("owner") is None else _id(want["owner"], pwd.getpwnam, "user")
    gid = now.st_gid if want.get("group") is None else _id(want["group"], grp.getgrnam, "group")
    owned = (uid, gid) != (now.st_uid, now.st_gid)
    if owned:
        os.chown(trust.itself(handle), uid, gid)
    if stat.S_ISLNK(now.st_mode) or want.get("mode") is None:
        return owned
    mode = int(want["mode"], 8)
    # a change of owner clears set-user-id bits, so the mode comes second
    if owned or mode != stat.S_IMODE(now.st_mode):
        os.chmod(trust.itself(handle), mode)
    return owned or mode != stat.S_IMODE(now.st_mode)


_MAKERS: dict[str, Callable[[_Place, Item, _Contents], bool]] = {"dir": _directory, "link": _link, "file": _file}
_FORMATS = {"dir": stat.S_IFDIR, "link": stat.S_IFLNK, "file": stat.S_IFREG}


def _id(name: str, look_up: Callable[[str], Any], kind: str) -> int:
    try:
        return int(look_up(name)[2])
    except KeyError:
        if name.isdigit():
            return int(name)
        raise TwinError("The twin has no %s %s: converge the accounts first." % (kind, name)) from None


def _same(path: str, want: Item, now: os.stat_result) -> bool:
    if want.get("size") is not None and want["size"] != now.st_size:
        return False
    return bool(_digest(path) == want["digest"])


def _digest(path: str | bytes) -> str:
    seen = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            seen.update(chunk)
    return seen.hexdigest()


class _Contents:
    """Source of a wanted file's content: a blob of the request, otherwise a package file of the request."""

    def __init__(self, spool: Spool, steps: Sequence[Step]) -> None:
        self.spool = spool
        wants = ((raw(step["key"]), step["want"]) for step in steps)
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
