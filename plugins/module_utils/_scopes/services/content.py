# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads unit files: digest, package, and whether a secret excludes the unit.

A unit whose fragment stays on the host stays with it; a drop-in that stays is as if it were not there: in the twin it is
not.
"""
from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ..._base import trust
from ..._base.codec import digest
from ..._secrets.redact import secret_in, version
from ..context import HOST, Context, Stamp, stamp_of
from ..files.rules import IGNORE, covering
from ..model import Item, Items, Reasons
from ..packages.dpkg import modern, owners

SECRET = "secret_excluded"
# Written by packages, never by hand: no place for a secret of this host.
VENDOR = ("/usr/lib/", "/lib/")


def add_content(context: Context, items: Items) -> Reasons:
    """Complete items (in place) by digest and package; take out those that stay here, and return {key: reason} of them."""
    files = _Files(context)
    packages = owners(context, [modern(item["fragment"]) for item in items.values() if "fragment" in item])
    excluded = {}
    for key, item in items.items():
        if "programs" in item:
            item["programs"] = [path for path in item["programs"] if os.path.isfile(path)]
        if "fragment" not in item:
            continue
        reason = files.reason(item["fragment"])
        if reason:
            excluded[key] = reason
        _describe(item, files)
        if item["fragment"] in packages:
            item["package"] = packages[item["fragment"]]
    for key in excluded:
        del items[key]
    files.keep()
    return excluded


def _describe(item: Item, files: _Files) -> None:
    fragment = item["fragment"]
    # What lies under /run was made for this boot of this machine.
    lasting = [path for path in item.pop("dropins", []) if not path.startswith("/run/")]
    dropins = [path for path in lasting if not files.reason(path)]
    item["fragment"] = modern(fragment)
    if dropins:
        item["dropins"] = [modern(path) for path in dropins]
    # What a generator wrote is not the admin's, and names this machine's disks and consoles.
    if not fragment.startswith("/run/systemd/generator"):
        digests = [files.digest(path) for path in [fragment] + dropins]
        if None not in digests:
            item["digest"] = digest(digests)


class _Read(NamedTuple):
    """A regular file as it was read: its stamp, SHA-256, and whether it holds a secret; no digest where it does, or where there is no such file."""

    stamp: Stamp | None
    digest: str | None
    secret: bool


NOTHING = _Read(None, None, False)


class _Files:
    """Unit files by path, each read again only where its stamp or the tables of secrets changed."""

    def __init__(self, context: Context) -> None:
        self.context = context
        tables = version()
        known = context.cache.get("digests", {}) if context.cache.get("tables") == tables else {}
        self.known = {path: _Read(*row) for path, row in known.items()}
        self.fresh: dict[str, _Read] = {}
        context.cache["tables"] = tables

    def digest(self, path: str) -> str | None:
        """SHA-256 of the content; None where there is no such file, or it holds a secret."""
        return self._read(path).digest

    def reason(self, path: str) -> str | None:
        """Why the file does not leave the host, or None; a twin's own files have nowhere to go."""
        if self.context.role != HOST or (path.startswith(VENDOR) and not self.context.exclude):
            return None
        ruled = covering(path, exclude=self.context.exclude)
        if ruled not in (None, IGNORE):
            return ruled
        return SECRET if self._read(path).secret else None

    def keep(self) -> None:
        """Remember what was read for the next harvest."""
        self.context.cache["digests"] = self.fresh if self.context.only is None else dict(self.known, **self.fresh)

    def _read(self, path: str) -> _Read:
        if path in self.fresh:
            return self.fresh[path]
        try:
            # Below VENDOR only root can place links; elsewhere a user of a lingering session may.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if path.startswith(VENDOR) else trust.open_file(path)
        except PermissionError:
            self.context.missed.append("%s can be read by root only." % path)
            return NOTHING
        except OSError:  # deleted while its unit is loaded
            return NOTHING
        with os.fdopen(handle, "rb") as stream:
            info = os.fstat(handle)
            if not stat.S_ISREG(info.st_mode):
                return NOTHING
            entry = self.known.get(path)
            if entry is None or entry.stamp != stamp_of(info):
                entry = self._judge(path, stamp_of(info), stream.read())
        self.fresh[path] = entry
        return entry

    def _judge(self, path: str, stamp: Stamp, content: bytes) -> _Read:
        if self.context.role == HOST and not path.startswith(VENDOR) and secret_in(path, content):
            return _Read(stamp, None, True)
        return _Read(stamp, digest(content), False)
