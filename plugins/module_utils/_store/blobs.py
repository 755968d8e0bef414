# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores contents in files that are named by their digest, and documents that belong to one record each.

Directories are 0700 and files 0600 from the moment they exist. What put() has returned for survives a power cut.
"""
from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import shutil
import zlib
from typing import Any, Iterator

from .._base.codec import digest, write_atomic
from .._base.errors import TwinError

# What reading a damaged or missing file says: it is not there, is a directory, lies in a file, is a link to itself, or its blocks cannot be read.
_DAMAGE = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EIO)
_NAME = re.compile(r"[0-9a-f]{64}")
_SWEPT = ".swept"  # its time is when blobs were last looked through


def sync_directory(path: str) -> None:
    """Sync a directory, so that its names survive a power failure."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_directory(path: str, mode: int = 0o700) -> None:
    """Create a directory and its parents with this mode, and sync each."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    make_directory(above, mode)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, mode)
    sync_directory(above)


def freeze(document: Any) -> bytes:
    """A JSON value, compressed."""
    return zlib.compress(json.dumps(document).encode("ascii"), 1)


def thaw(content: bytes) -> Any:
    """The inverse of freeze()."""
    return json.loads(zlib.decompress(content))


def _read(path: str, name: str) -> bytes | None:
    """A file's content if it has the digest name, else None."""
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        if error.errno in _DAMAGE:
            return None
        raise
    return content if digest(content) == name else None


def _write(path: str, content: bytes) -> None:
    directory = os.path.dirname(path)
    if os.path.lexists(directory) and not os.path.isdir(directory):
        os.unlink(directory)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    make_directory(directory)
    write_atomic(path, content)
    sync_directory(directory)


class Blobs:
    """Contents that any number of records may name; retention removes contents that no record names."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def path(self, name: str) -> str:
        """Path of a blob, whether it exists or not; a name that is not a digest is refused."""
        if not _NAME.fullmatch(name):
            raise TwinError("%r is not the name of a content (64 hexadecimal digits): harvest the host again." % name)
        return os.path.join(self.directory, name[:2], name)

    def put(self, name: str, content: bytes) -> None:
        """Store a content under its digest and replace a damaged one. A content with another digest is refused."""
        if digest(content) != name:
            raise TwinError("A file's content does not have the digest it was sent under (%s): harvest the host again." % name)
        with self._locked(fcntl.LOCK_SH):
            if self.get(name) is None:
                _write(self.path(name), content)
            else:
                os.utime(self.path(name))  # its record may not be written yet: sweep() spares what is new

    def get(self, name: str) -> bytes | None:
        """A content by its digest; None if it is missing or damaged."""
        return _read(self.path(name), name) if _NAME.fullmatch(name) else None

    def files(self) -> Iterator[os.DirEntry[str]]:
        """Paths of all files, also of those that a killed write left."""
        for prefix in sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []:
            if len(prefix) == 2 and os.path.isdir(os.path.join(self.directory, prefix)):
                with os.scandir(os.path.join(self.directory, prefix)) as found:
                    yield from (each for each in found if not each.is_dir(follow_symlinks=False))

    def swept(self) -> float:
        """Time of the last sweep() in seconds since 1970; 0 if there was none."""
        try:
            return os.stat(os.path.join(self.directory, _SWEPT)).st_mtime
        except FileNotFoundError:
            return 0

    def sweep(self, named: set[str], before: float) -> int:
        """Remove the blobs that are not among named and were put before a time (seconds since 1970); returns their number."""
        removed = 0
        with self._locked(fcntl.LOCK_EX):
            for each in list(self.files()):
                if each.name not in named and each.stat().st_mtime < before:
                    os.unlink(each.path)
                    removed += 1
            write_atomic(os.path.join(self.directory, _SWEPT), b"")
        return removed

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        make_directory(self.directory)
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


class Documents:
    """Contents that only their owner, one record, names. A newer content replaces the older one when the record names it."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def put(self, owner: str, content: bytes) -> str:
        """Store a further content of the owner and return its name."""
        name = digest(content)
        if self.get(owner, name) is None:
            _write(os.path.join(self._of(owner), name), content)
        return name

    def get(self, owner: str, name: str) -> bytes | None:
        """A content of the owner; None if it is missing or damaged."""
        return _read(os.path.join(self._of(owner), name), name)

    def keep_only(self, owner: str, names: set[str]) -> None:
        """Remove the owner's other contents."""
        directory = self._of(owner)
        for name in os.listdir(directory) if os.path.isdir(directory) else []:
            if name not in names:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(directory, name))
        if not names:
            with contextlib.suppress(OSError):  # another is being put there
                os.rmdir(directory)

    def _of(self, owner: str) -> str:
        return os.path.join(self.directory, owner)
