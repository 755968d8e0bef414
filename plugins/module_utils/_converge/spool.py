# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the blobs and package files of a request on disk during one apply."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tarfile
import urllib.parse
from typing import IO, Any, Iterator

from .._base import paths
from .._base.errors import TwinError

INCOMING = paths.INCOMING

BLOB = re.compile(r"blobs/([0-9a-f]{64})")
# name_version_architecture.deb as apt writes it: %3a stands for the colon of an epoch
PACKAGE = re.compile(r"packages/([a-z0-9][a-z0-9+.-]*)_([A-Za-z0-9.+~%-]+)_([a-z0-9-]+)\.deb")


class Spool:
    """Files of one request in a directory: blobs by digest, package files by package and version."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.packages: dict[str, dict[str, str]] = {}  # {"name:arch": {version: path}}

    def blob(self, digest: str) -> str | None:
        """Path of the blob with this digest, or None if the request has no such blob."""
        path = os.path.join(self.directory, "blobs", digest)
        return path if os.path.exists(path) else None

    def package(self, key: str, version: str) -> tuple[str, str] | None:
        """(version, path) of a package's file: the given version, else another version that the request has, else None. key is `name:arch`."""
        sent = self.packages.get(key, {})
        if version in sent:
            return version, sent[version]
        return next(iter(sorted(sent.items())), None)

    def keep(self, name: str, stream: IO[bytes]) -> None:
        """Store one member of the request; raises TwinError if its name has no known form."""
        blob, package = BLOB.fullmatch(name), PACKAGE.fullmatch(name)
        if not blob and not package:
            raise TwinError("The request holds a member %r that is neither a blob nor a package file; nothing was applied." % name)
        path = os.path.join(self.directory, name)
        try:
            found = _copy(stream, path)
        except tarfile.TarError as error:
            raise TwinError("The request ended early, in %s (%s); the next cycle sends it again." % (name, error)) from error
        except OSError as error:
            raise TwinError("The twin cannot store %s (%s); nothing was applied." % (name, error.strerror)) from error
        if blob and found != blob.group(1):
            raise TwinError("Blob %s arrived damaged (%s); nothing was applied, the next cycle sends it again." % (blob.group(1), found))
        if package:
            title, version, arch = package.groups()
            self.packages.setdefault("%s:%s" % (title, arch), {})[urllib.parse.unquote(version)] = path


def _copy(stream: IO[bytes], path: str) -> str:
    """Write a stream to a new file and return the SHA-256 of it."""
    seen = hashlib.sha256()
    with open(path, "wb") as sink:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            seen.update(chunk)
            sink.write(chunk)
    return seen.hexdigest()


def open_request(stream: IO[bytes]) -> tuple[tarfile.TarFile, dict[str, Any]]:
    """Open a tar stream; returns its reader and the parsed request, which must be the first member."""
    try:
        tar = tarfile.TarFile.open(fileobj=stream, mode="r|")
        first = tar.next()
        if first is None or first.name != "request.json" or not first.isreg():
            raise TwinError("The request does not begin with request.json; nothing was applied.")
        return tar, json.load(_content(tar, first))
    except (tarfile.TarError, ValueError) as error:
        raise TwinError("The request cannot be read (%s); nothing was applied." % error) from error


@contextlib.contextmanager
def spooled(tar: tarfile.TarFile, directory: str = INCOMING) -> Iterator[Spool]:
    """Store all further members below directory and yield them as a Spool. The directory is emptied first and removed afterwards."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory, mode=0o700)
    try:
        for part in ("blobs", "packages"):
            os.mkdir(os.path.join(directory, part), 0o700)
        spool = Spool(directory)
        for member in _members(tar):
            spool.keep(member.name, _content(tar, member))
        yield spool
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member)
    if stream is None:
        raise TwinError("The request's member %r has no content; nothing was applied." % member.name)
    return stream


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        for member in tar:
            if member.name == "request.json":
                continue
            if not member.isreg():
                raise TwinError("The request's member %r is no regular file; nothing was applied." % member.name)
            yield member
    except tarfile.TarError as error:
        raise TwinError("The request ended early (%s); nothing was applied, the next cycle sends it again." % error) from error
