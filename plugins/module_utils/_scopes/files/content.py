# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the content of a regular file once and checks it for secrets."""
from __future__ import annotations

import contextlib
import hashlib
import os
import time
from typing import Iterator, NamedTuple

from ..._base import trust
from ..._base.codec import raw
from ..._secrets.redact import secret_in
from ..context import HOST, Context, stamp_of

LIMIT = 8 << 20  # largest file that is sent, in bytes
# A file that changed this recently may change again with the same time stamp, so its stamp proves nothing yet.
_SETTLED = 1_000_000_000


class Content(NamedTuple):
    """digest: SHA-256; pristine: the content equals that of its package; secret: the kind of secret in it, or None."""

    digest: str
    pristine: bool
    secret: str | None


class Vanished(Exception):
    """The file changed or disappeared after its lstat."""


@contextlib.contextmanager
def place(context: Context, path: str) -> Iterator[tuple[int, bytes]]:
    """(descriptor of the directory, name in it) of a path; the walk has the directory open already."""
    directory, _slash, name = path.rpartition("/")
    if context.opened is not None and context.opened[0] == directory:
        yield context.opened[1], raw(name)
    else:
        with trust.parent(raw(context.at(path))) as found:
            yield found


def read(context: Context, path: str, info: os.stat_result) -> bytes:
    """Bytes of the regular file that info (its lstat) describes; raises Vanished if it is another file or changes meanwhile."""
    try:
        with place(context, path) as (directory, name):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except PermissionError:
        raise
    except OSError as error:
        raise Vanished(path) from error
    with os.fdopen(handle, "rb") as stream:
        content = stream.read(info.st_size + 1)
        if stamp_of(os.fstat(handle)) != stamp_of(info) or len(content) != info.st_size:
            raise Vanished(path)
    return content


def examine(context: Context, path: str, info: os.stat_result, original: str | None) -> Content:
    """Content of a regular file; original is its packaged MD5 or None. An unchanged file is not opened again.

    On a host, what is not pristine is searched for secrets.
    """
    rows = context.cache.setdefault("content", {})
    stamp = [*stamp_of(info), original, context.role]
    row = rows.get(path)
    if row is None or row[0] != stamp:
        row = [stamp, *_judge(context, path, read(context, path, info), original)]
        rows.pop(path, None)
        if time.time_ns() - info.st_ctime_ns > _SETTLED:
            rows[path] = row
    return Content(*row[1:])


def _judge(context: Context, path: str, content: bytes, original: str | None) -> Content:
    pristine = original is not None and hashlib.md5(content).hexdigest() == original
    secret = None if pristine or context.role != HOST else secret_in(path, content)
    return Content(hashlib.sha256(content).hexdigest(), pristine, secret)


def blob(context: Context, path: str, expected: str) -> bytes | None:
    """Bytes of a file if they have the expected SHA-256, otherwise None."""
    try:
        with place(context, path) as (directory, name):
            info = os.stat(name, dir_fd=directory, follow_symlinks=False)
        content = read(context, path, info)
    except (OSError, Vanished):
        return None
    return content if hashlib.sha256(content).hexdigest() == expected else None
