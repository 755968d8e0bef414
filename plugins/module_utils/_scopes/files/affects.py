# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds running units that must read a changed file again."""

from __future__ import annotations

from typing import Iterable

from ..._base.patterns import matches_any
from ..model import Change
from ..parts import Readers

# Programs open these files for each use or watch them with inotify: no unit has to reload.
SELF_READING = (
    "/etc/cron*/**", "/etc/crontab", "/etc/anacrontab", "/etc/logrotate.conf", "/etc/logrotate.d/**", "/etc/pam.d/**",
    "/etc/security/**", "/etc/sudoers", "/etc/sudoers.d/**", "/etc/profile", "/etc/profile.d/**", "/etc/skel/**",
    "/etc/apt/**", "/etc/dpkg/**", "/etc/alternatives/**", "/etc/dbus-1/**", "/usr/share/dbus-1/**", "/etc/polkit-1/**",
    "/etc/hosts", "/etc/nsswitch.conf", "/etc/issue*", "/etc/motd", "/etc/update-motd.d/**", "/etc/init.d/**", "/etc/rc?.d/**",
)
# Configuration directories whose names differ from the names of their units.
READERS = (
    ("/etc/ssh/sshd_config", ("ssh.service", "sshd.service")),
    ("/etc/ssh/sshd_config.d/**", ("ssh.service", "sshd.service")),
    ("/etc/sysctl.conf", ("systemd-sysctl.service",)),
    ("/etc/sysctl.d/**", ("systemd-sysctl.service",)),
    ("/etc/modules-load.d/**", ("systemd-modules-load.service",)),
    ("/etc/udev/**", ("systemd-udevd.service",)),
    ("/etc/mysql/**", ("mariadb.service", "mysql.service")),
    ("/etc/rsyslog.*/**", ("rsyslog.service",)),
)
# The next part of these paths is the name of a unit: /etc/default/NAME, /etc/NAME/…, /etc/NAME.conf.
PREFIXES = ("/etc/default/", "/etc/sysconfig/", "/etc/")
# Only systemd and its own daemons read these.
UNIT_TREES = ("/etc/systemd/", "/usr/lib/systemd/", "/usr/local/lib/systemd/", "/lib/systemd/")
CONTENT = {"type", "target", "digest"}
# Directories that many packages use: the search for the package of a file stops here.
SHARED = ("/", "/etc", "/opt", "/usr", "/usr/local", "/usr/local/etc", "/usr/lib", "/etc/default", "/etc/sysconfig")


def reached(change: Change, readers: Readers) -> Iterable[tuple[str, str]]:
    """Pairs (unit, verb) of the units that one changed file affects."""
    path = change.key
    if change.have and change.want and not CONTENT.intersection(change.fields):
        return ()  # only permissions changed, not the content
    if (change.want or change.have or {})["type"] == "dir":
        return ()  # each file in it is a change of its own
    if path in readers.paths:
        return readers.paths[path].items()
    if path.startswith(UNIT_TREES):
        return readers.named(["systemd-%s.service" % _first_part(path, "/etc/systemd/")])
    if matches_any(SELF_READING, path):
        return ()
    for pattern, units in READERS:
        if matches_any((pattern,), path):
            return readers.named(units)
    names = ["%s.service" % _first_part(path, prefix) for prefix in PREFIXES if path.startswith(prefix)]
    return readers.named(names) or _of_package(path, readers)


def _of_package(path: str, readers: Readers) -> list[tuple[str, str]]:
    """Units of the package that owns a path or the nearest directory above it."""
    while path not in SHARED:
        for items in readers.files:
            package = items.get(path, {}).get("package")
            if package:
                return list(readers.packages.get(package, {}).items())
        path = path.rpartition("/")[0] or "/"
    return []


def _first_part(path: str, prefix: str) -> str:
    """redis of /etc/redis/redis.conf, /etc/redis.conf and /etc/redis.conf.d/own.conf."""
    part = path[len(prefix):].partition("/")[0] if path.startswith(prefix) else ""
    return part.partition(".conf")[0]
