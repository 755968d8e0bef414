# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deadline for every call to libvirt: neither a daemon that hangs nor a QEMU that was stopped hangs a cycle."""

from __future__ import annotations

import functools
import queue
import threading
from typing import Any, Callable, TypeVar

from .._base.errors import TwinError

SECONDS = 60
# QEMU's own time: libvirt kills a process that does not end after 10 s, and a start reads images and takes locks.
SLOW = frozenset(["create", "createWithFlags", "createXML", "destroy"])
SLOW_SECONDS = 180

Result = TypeVar("Result")


def bounded(work: Callable[[], Result], seconds: float, what: str) -> Result:
    """The result of work(), or its exception, or a sentence when it takes longer; a thread stuck in libvirt is left behind and dies with us."""
    # multiprocessing's pool of threads takes 10 ms to import, and each unchanged cycle would pay for it
    answer: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
    threading.Thread(target=lambda: answer.put(_outcome(work)), daemon=True).start()
    try:
        result, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise TwinError("%s does not answer within %d s: look at the daemon or the network there." % (what, seconds)) from None
    if error:
        raise error
    returned: Result = result
    return returned


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  # raised again where the result is awaited
        return None, error


def guarded(found: Any) -> Any:
    """One of libvirt's objects with a deadline for each of its calls, and for each call of what they return; anything else as it is."""
    if isinstance(found, list):
        return [guarded(each) for each in found]
    return _Guarded(found) if type(found).__module__ == "libvirt" else found


class _Guarded:
    """One of libvirt's objects, or libvirt_qemu's view of it: what is not a call, it finds here as it is."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        return functools.partial(_call, attribute, name) if callable(attribute) else attribute


def _call(method: Callable[..., Any], name: str, *words: Any) -> Any:
    """What a method returns, guarded as well."""
    seconds = SLOW_SECONDS if name in SLOW else SECONDS
    return guarded(bounded(functools.partial(method, *words), seconds, "libvirt, asked for %s," % name))
