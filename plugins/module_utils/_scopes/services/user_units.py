# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of users whose systemd runs without a login (linger)."""
from __future__ import annotations

import os
import pwd
from typing import Collection, Protocol

from ..._base.errors import TwinError
from ..context import Context
from ..model import Items
from . import systemd
from .unit_files import GLOBS, RUNNING, VALID, is_template

LINGER = "/var/lib/systemd/linger"
VENDOR = ("/usr/lib/", "/lib/")
TIMEOUT = 10


class Show(Protocol):
    """Asks a manager for units: see collect.show."""

    def __call__(self, command: list[str], names: Collection[str], *, env: dict[str, str], timeout: float) -> systemd.Units:
        """{unit: {property: str}}."""


def user_units(context: Context, show: Show) -> Items:
    """Items `user@NAME/UNIT`: what a user or the admin wrote or switched; show asks systemctl, see collect.show."""
    items: Items = {}
    silent = []
    for name in sorted(_lingering()):
        names = _names(context, name)
        if not names:
            continue
        try:
            units = _ask(name, names, show)
        except (KeyError, TwinError):
            silent.append(name)
            continue
        items.update(own_items(units, name))
    if silent and os.geteuid():
        raise TwinError("The units of user %s can be read by root only." % ", ".join(silent))
    if silent:
        raise TwinError("The systemd of user %s does not answer: see `loginctl user-status`." % ", ".join(silent))
    return items


def own_items(units: systemd.Units, name: str) -> Items:
    """Items `user@NAME/UNIT` of those of a user's units that somebody wrote or switched."""
    return {"user@%s/%s" % (name, key): systemd.item(unit, units, ()) for key, unit in units.items() if _is_own(unit)}


def _lingering() -> list[str]:
    return os.listdir(LINGER) if os.path.isdir(LINGER) else []


def _names(context: Context, name: str) -> list[str]:
    if context.only is None:
        return GLOBS
    prefix = "user@%s/" % name
    return [key[len(prefix):] for key in context.only if key.startswith(prefix)]


def _ask(name: str, names: list[str], show: Show) -> systemd.Units:
    """All of a user's units; asked as that user, since a user's systemd talks to nobody else, not even to root."""
    user = pwd.getpwnam(name)
    become = ["setpriv", "--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid, "--init-groups"]
    if names is GLOBS:
        own = os.path.join(user.pw_dir, ".config/systemd/user")
        files = os.listdir(own) if os.path.isdir(own) else []
        names = GLOBS + [file for file in files if file.endswith(RUNNING) and VALID.match(file) and not is_template(file)]
    return show(become + ["systemctl", "--user"], names, env={"XDG_RUNTIME_DIR": "/run/user/%d" % user.pw_uid}, timeout=TIMEOUT)


def _is_own(unit: systemd.Unit) -> bool:
    if not systemd.is_item(unit):
        return False
    switched = unit.get("UnitFileState", "").startswith(systemd.SWITCHED)
    return switched or not unit.get("FragmentPath", "").startswith(VENDOR)
