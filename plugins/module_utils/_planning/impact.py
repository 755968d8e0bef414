# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which running units have read what a plan changes, and so have to read it again."""
from __future__ import annotations

import collections

from .._base.patterns import matches_any

RESTART, RELOAD = "restart", "reload"
RUN = (".service", ".socket", ".timer", ".path")

# Directories whose owners look into them by themselves, each time or by inotify: nobody is to be told.
SELF_READING = (
    "/etc/cron*/**", "/etc/crontab", "/etc/anacrontab", "/etc/logrotate.conf", "/etc/logrotate.d/**", "/etc/pam.d/**",
    "/etc/security/**", "/etc/sudoers", "/etc/sudoers.d/**", "/etc/profile", "/etc/profile.d/**", "/etc/skel/**",
    "/etc/apt/**", "/etc/dpkg/**", "/etc/alternatives/**", "/etc/dbus-1/**", "/usr/share/dbus-1/**", "/etc/polkit-1/**",
    "/etc/hosts", "/etc/nsswitch.conf", "/etc/issue*", "/etc/motd", "/etc/update-motd.d/**", "/etc/init.d/**", "/etc/rc?.d/**",
)
# Trees of configuration whose names do not lead to their units.
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
# Behind these a daemon's own name stands: /etc/default/NAME, /etc/NAME/…, /etc/NAME.conf.
PREFIXES = ("/etc/default/", "/etc/sysconfig/", "/etc/")
# Only systemd and its own daemons read these.
UNIT_TREES = ("/etc/systemd/", "/usr/lib/systemd/", "/usr/local/lib/systemd/", "/lib/systemd/")
# Packages of so many daemons that a file of theirs says nothing about which of them reads it.
BROAD = ("systemd", "udev", "base-files", "init-system-helpers", "util-linux", "dbus")
CONTENT = {"type", "target", "digest"}
ROOTS = ("/", "/etc", "/opt", "/usr", "/usr/local", "/usr/local/etc", "/usr/lib", "/etc/default", "/etc/sysconfig")


def dependents(changes, desired_scopes, actual_scopes):
    """{unit: {"verb": "restart" or "reload", "because": [step id]}} of the units that changes reach.

    Only units that are to be active and are; what is started anyway reads everything then. Whether a changed package's
    daemons restart is left to the package's own scripts.
    """
    readers = _Readers(desired_scopes, actual_scopes)
    found = {}
    for change in changes:
        for unit, verb in readers.of(change):
            entry = found.setdefault(unit, {"verb": verb, "because": []})
            entry["because"].append("%s:%s" % (change.scope, change.key))
            if verb == RESTART:
                entry["verb"] = RESTART
    for unit in [unit for unit in found if unit.endswith(".socket") and found[unit]["verb"] == RESTART]:
        # A socket cannot be opened anew under a running service.
        for service in readers.behind(unit):
            entry = found.setdefault(service, {"because": []})
            entry.update(verb=RESTART, because=entry["because"] + found[unit]["because"])
    return found


class _Readers:
    """Indexes from paths, packages and users to the units that run and depend on them."""

    def __init__(self, desired_scopes, actual_scopes):
        wanted, present = _items(desired_scopes, "services"), _items(actual_scopes, "services")
        self.files = (_items(desired_scopes, "files"), _items(actual_scopes, "files"))
        self.units = {
            unit: item for unit, item in wanted.items()
            if item.get("active") == "active" and present.get(unit, {}).get("active") == "active" and unit.endswith(RUN)
        }
        self.paths, self.packages, self.users = (collections.defaultdict(dict) for _index in range(3))
        for unit, item in self.units.items():
            self._index(unit, item)
            self._index(unit, present[unit])

    def _index(self, unit, item):
        paths = [item.get("fragment")] + list(item.get("dropins") or ()) + list(item.get("programs") or ())
        for path in paths + [entry["path"] for entry in item.get("environment_files") or ()]:
            if path:
                self.paths[path][unit] = RESTART
        if unit.endswith(".service"):
            if item.get("package") and item["package"] not in BROAD:
                self.packages[item["package"]][unit] = self._verb(unit)
            if item.get("user"):
                self.users[item["user"]][unit] = RESTART

    def _verb(self, unit):
        return RELOAD if self.units[unit].get("can_reload") else RESTART

    def behind(self, socket):
        """Running services that a socket starts."""
        relations = self.units[socket].get("relations") or {}
        names = relations.get("triggers") or [socket[: -len("socket")] + "service"]
        return [name for name in names if name in self.units]

    def of(self, change):
        """Pairs (unit, verb) that one change reaches."""
        if change.scope == "files":
            return self._of_file(change)
        if change.scope == "accounts":
            return self._of_account(change)
        return ()

    def _of_account(self, change):
        kind, name = change.key.split(":", 1)
        if change.want is None or change.have is None:
            return ()
        if kind == "group":
            before, after = set(change.have.get("members", ())), set(change.want.get("members", ()))
            names = before ^ after
        else:
            names = {name} if {"uid", "group", "home"}.intersection(change.fields) else set()
        return [pair for user in sorted(names) for pair in self.users.get(user, {}).items()]

    def _of_file(self, change):
        path = change.key
        if change.have and change.want and not CONTENT.intersection(change.fields):
            return ()  # who may read it changed, not what is read
        if (change.want or change.have)["type"] == "dir":
            return ()  # its files tell
        if path in self.paths:
            return self.paths[path].items()
        if path.startswith(UNIT_TREES):
            return self._named(["systemd-%s.service" % _first_part(path, "/etc/systemd/")])
        if matches_any(SELF_READING, path):
            return ()
        for pattern, units in READERS:
            if matches_any((pattern,), path):
                return self._named(units)
        names = ["%s.service" % _first_part(path, prefix) for prefix in PREFIXES if path.startswith(prefix)]
        return self._named(names) or self.packages.get(self._package(path), {}).items()

    def _named(self, names):
        return [(name, self._verb(name)) for name in names if name in self.units]

    def _package(self, path):
        """The package of a path or of the nearest directory above it, short of directories that everybody uses."""
        while path not in ROOTS:
            for items in self.files:
                package = items.get(path, {}).get("package")
                if package:
                    return package
            path = path.rpartition("/")[0] or "/"
        return None


def _first_part(path, prefix):
    """redis of /etc/redis/redis.conf, /etc/redis.conf and /etc/redis.conf.d/own.conf."""
    part = path[len(prefix):].partition("/")[0] if path.startswith(prefix) else ""
    return part.partition(".conf")[0]


def _items(scopes, scope):
    return scopes[scope]["items"] if scope in scopes else {}
