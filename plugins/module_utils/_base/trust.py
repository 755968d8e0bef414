# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens paths step by step, relative to descriptors, so that no unprivileged user can lead this program to another file or service."""
from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Callable, Iterator

_STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 40  # as many as the kernel follows
_Judge = Callable[[os.stat_result], None]


def open_directory(path: bytes | str, make: int | None = None) -> int:
    """A descriptor for dir_fd. Links are followed only if root or this user made them; make is the mode of directories that are missing."""
    handle = _open(path, make=make)
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


@contextlib.contextmanager
def parent(path: bytes | str, make: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(descriptor of the directory, name in it) of a path, whose last part may be anything or absent."""
    directory, name = os.path.split(os.fsencode(path))
    handle = open_directory(directory, make)
    try:
        yield handle, name
    finally:
        os.close(handle)


def open_file(path: bytes | str) -> int:
    """A descriptor to read a regular file, also by a link that root or this user made. What is no regular file is not opened."""
    handle = _open(path)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "This is no regular file")
        return os.open(itself(handle), os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(handle)


def open_socket(path: bytes | str, owner: int = 0) -> int:
    """A descriptor of a socket that belongs to root, this user or owner, in directories where nobody else can replace it; connect to itself() of it."""
    trusted = {0, os.geteuid(), owner}

    def judge(info: os.stat_result) -> None:
        # In a directory of a user its group is that user's choice; a sticky directory keeps others from replacing what is not theirs.
        writable = info.st_mode & (stat.S_IWOTH if info.st_uid else stat.S_IWOTH | stat.S_IWGRP)
        shared = stat.S_ISDIR(info.st_mode) and writable and not info.st_mode & stat.S_ISVTX
        if info.st_uid not in trusted or shared:
            raise PermissionError(errno.EPERM, "Another user can replace it")

    handle = _open(path, judge)
    if stat.S_ISSOCK(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OSError(errno.ENOTSOCK, "This is no socket")


def itself(handle: int) -> str:
    """A path of the very file that is open as handle, whatever became of its name."""
    return "/proc/self/fd/%d" % handle


def _open(path: bytes | str, judge: _Judge | None = None, make: int | None = None) -> int:
    at, links = os.open("/", _STEP), 0
    names = _names(os.path.join(os.getcwdb(), os.fsencode(path)))
    try:
        while names:
            name = names.pop()
            new = _step(at, name, make)
            info = os.fstat(new)
            if stat.S_ISLNK(info.st_mode):
                try:
                    target = _target(new, info, links)
                finally:
                    os.close(new)
                links, names = links + 1, names + _names(target)
                if not target.startswith(b"/"):
                    continue
                new, info = os.open("/", _STEP), os.stat("/")
            os.close(at)
            at = new
            if judge:
                judge(info)
    except BaseException:
        os.close(at)
        raise
    return at


def _step(at: int, name: bytes, make: int | None) -> int:
    try:
        return os.open(name, _STEP, dir_fd=at)
    except FileNotFoundError:
        if make is None:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, make, dir_fd=at)
    return os.open(name, _STEP, dir_fd=at)


def _target(link: int, info: os.stat_result, links: int) -> bytes:
    if info.st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, "A link of an unprivileged user (%d) lies on the way and is not followed" % info.st_uid)
    if links >= _LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return os.readlink(b"", dir_fd=link)


def _names(path: bytes) -> list[bytes]:
    """The parts of a path, the first one last."""
    return [part for part in path.split(b"/") if part not in (b"", b".")][::-1]
