# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that this machine is the twin that the request is for, and holds the lock that allows one apply at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import Any, Iterator, Mapping

from .._base import paths
from .._base.errors import Busy, Refused
from .._base.names import following

MARKER = paths.MARKER
PRODUCT_UUID = "/sys/class/dmi/id/product_uuid"
LOCK = paths.APPLY_LOCK


def prove(request: Mapping[str, Any], marker: str = MARKER, product_uuid: str = PRODUCT_UUID) -> None:
    """Raise Refused unless the marker file, the product UUID of the firmware and the request name the same twin.

    marker and product_uuid are paths. The marker alone proves nothing, because a copy of the disk has it too.
    """
    mark = _marker(marker)
    firmware = _firmware_uuid(product_uuid)
    wanted = _uuid(request, "the request")
    marked = _uuid(mark, marker)
    if marked != firmware:
        raise Refused("Nothing was changed: %s belongs to the machine %s, but this machine is %s. It may be a copy of a twin." % (marker, marked, firmware))
    if wanted != firmware:
        raise Refused("Nothing was changed: the request is for the machine %s and this one is %s. Sync again." % (wanted, firmware))
    if request.get("host") != mark.get("host"):
        raise Refused(
            "Nothing was changed: the request is for a twin of %r and this is a twin of %r. Sync again." % (request.get("host"), mark.get("host"))
        )
    # A marker without a twin id was written by a version that allowed one twin per host.
    named = mark.get("twin") or following(str(mark["host"]))
    if request.get("twin") != named:
        raise Refused("Nothing was changed: the request is for the twin %r and this is the twin %r. Sync again." % (request.get("twin"), named))


def _marker(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            mark = json.load(stream)
    except FileNotFoundError:
        raise Refused("Nothing was changed: this machine has no %s, so it is not a twin." % path) from None
    except (OSError, ValueError) as error:
        raise Refused("Nothing was changed: %s cannot be read (%s), so this machine cannot be identified as a twin." % (path, error)) from error
    if not isinstance(mark, dict):
        raise Refused("Nothing was changed: %s holds no object, so this machine cannot be identified as a twin." % path)
    return mark


def _firmware_uuid(path: str) -> str:
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read().strip().lower()
    except OSError as error:
        raise Refused("Nothing was changed: the machine's UUID cannot be read (%s); it needs root in the twin." % error) from error


def _uuid(document: Mapping[str, Any], what: str) -> str:
    value = document.get("uuid")
    if not isinstance(value, str) or not value.strip():
        raise Refused("Nothing was changed: %s names no machine by its UUID." % what)
    return value.strip().lower()


@contextlib.contextmanager
def exclusive(path: str = LOCK) -> Iterator[None]:
    """Lock the file at path for one apply; raises Busy if another apply holds it. The kernel releases the lock when this process ends."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path, "w", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("Another apply runs in this twin; the next cycle continues.") from None
        yield
