# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of twins: which characters they may have, and the name of the twin that follows a host."""
from __future__ import annotations

import hashlib
import re

from .errors import TwinError

_LIMIT = 100


def twin_id(host: str) -> str:
    """The id of the twin that follows a host: twin-<host>. A name that libvirt or a path could not carry is cleaned and told apart by a digest."""
    require_text("host name", host)
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", host)[:_LIMIT]
    if clean != host:
        clean += "-" + hashlib.sha256(host.encode("utf-8")).hexdigest()[:8]
    return "twin-" + clean


def require_text(what: str, value: str) -> None:
    """Refuse a name that XML or a person could not carry."""
    if not value or not value.isprintable():
        raise TwinError("The %s %r is empty or not printable: choose another." % (what, value))
