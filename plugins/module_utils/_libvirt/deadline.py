# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deadline for every call to libvirt: neither a daemon that hangs nor a QEMU that was stopped hangs a cycle."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
from multiprocessing.pool import ThreadPool
from typing import Any, Callable, Iterator, TypeVar

from .._base.errors import TwinError

SECONDS = 60
# QEMU's own time: libvirt kills a process that does not end after 10 s, and a start reads images and takes locks.
SLOW = frozenset(["create", "createWithFlags", "createXML", "destroy"])
SLOW_SECONDS = 180

Result = TypeVar("Result")


def bounded(work: Callable[[], Result], seconds: float, what: str) -> Result:
    """The result of work(), or its exception, or a sentence when it takes longer; a thread stuck in libvirt is left behind and dies with us."""
    with ThreadPool(1) as pool:
        return _result(pool, work, seconds, what)


def _result(pool: ThreadPool, work: Callable[[], Result], seconds: float, what: str) -> Result:
    try:
        return pool.apply_async(work).get(seconds)
    except multiprocessing.TimeoutError:
        raise TwinError("%s does not answer within %d s: look at the daemon or the network there." % (what, seconds)) from None


@contextlib.contextmanager
def guarded(connection: Any) -> Iterator[Any]:
    """A connection of libvirt's bindings, each call of which has a deadline, and each call of what its calls return."""
    line = _Line()
    try:
        yield _Guarded(connection, line)
    finally:
        line.pool.terminate()


class _Line:
    """The thread that speaks to libvirt, one for all calls of a connection, as making one takes 3 ms; after a call that hangs there is another."""

    def __init__(self) -> None:
        self.pool = ThreadPool(1)

    def call(self, method: Callable[..., Any], name: str, *words: Any) -> Any:
        """What a method returns, guarded as well."""
        try:
            found = _result(self.pool, functools.partial(method, *words), SLOW_SECONDS if name in SLOW else SECONDS, "libvirt, asked for %s," % name)
        except TwinError:
            self.pool = ThreadPool(1)
            raise
        return [self._guarded(each) for each in found] if isinstance(found, list) else self._guarded(found)

    def _guarded(self, found: Any) -> Any:
        return _Guarded(found, self) if type(found).__module__ == "libvirt" else found


class _Guarded:
    """One of libvirt's objects, or libvirt_qemu's view of it: what is not a call, it finds here as it is."""

    def __init__(self, inner: Any, line: _Line) -> None:
        self._inner, self._line = inner, line

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        return functools.partial(self._line.call, attribute, name) if callable(attribute) else attribute
