# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin ids: their grammar, and the id of the twin that follows a host. A twin's libvirt domain, directory, socket and lock have its id as their name."""

from __future__ import annotations

import hashlib
import re

from .errors import TwinError

PREFIX = "twin-"
LIMIT = 64  # characters; the path of a twin's socket, which holds its id, may have 107 bytes
PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,%d}" % (LIMIT - 1))
_DIGEST = 8


def following(host: str) -> str:
    """The id of the twin that follows a host unless another id was chosen: twin-<host>.

    A name that is too long or has other characters is cleaned, and a digest keeps it apart from similar ones.
    """
    require_text("host name", host)
    room = LIMIT - len(PREFIX)
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", host)
    if clean != host or len(clean) > room:
        clean = "%s-%s" % (clean[: room - _DIGEST - 1], hashlib.sha256(host.encode("utf-8")).hexdigest()[:_DIGEST])
    return PREFIX + clean


def check(twin_id: str) -> str:
    """Return the id; raise TwinError if it is not valid."""
    if not PATTERN.fullmatch(twin_id):
        raise TwinError(
            "%r is no twin id: use 1 to %d ASCII letters, digits, dots, underscores and hyphens, and begin with a letter or digit." % (twin_id, LIMIT)
        )
    return twin_id


def chosen(twin_id: str | None, host: str) -> str:
    """The id that the option twin names; if the option is empty, the id of the twin that follows the host."""
    require_text("host name", host)
    return check(twin_id) if twin_id else following(host)


def require_text(what: str, value: str) -> None:
    """Refuse a name that is empty or not printable."""
    if not value or not value.isprintable():
        raise TwinError("The %s %r is empty or not printable: choose another." % (what, value))
