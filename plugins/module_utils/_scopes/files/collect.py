# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads type, owner, mode and digest of configuration and local files."""
from __future__ import annotations

import os
import stat

from ..._base.codec import text
from ..._secrets import redact
from ..accounts.collect import parse_groups, parse_users
from ..context import Context, result
from ..model import Body, Item, Items, Reasons
from ..packages import dpkg
from . import content as files_content
from . import rules, walk

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}


def collect(context: Context) -> Body:
    """Items by path; items that redaction leaves out are in excluded with their reason."""
    version = [rules.version(), redact.version()]
    if context.cache.get("version") != version:
        context.cache.clear()
        context.cache["version"] = version
    items: Items = {}
    excluded: Reasons = {}
    seen = set()
    files = _Files(context)
    for path, info, reason in walk.paths(context) if context.only is None else walk.named(context, context.only):
        info = info or (files.as_packaged(path) if reason == "secret_excluded" else None)
        item, reason = (None, reason) if info is None else files.item(path, info)
        seen.add(path)
        if reason:
            excluded[path] = reason
            # A directory that cannot be read may already be an item.
            items.pop(path, None)
        elif item:
            items[path] = item
    if context.only is None:
        context.cache["content"] = {path: row for path, row in context.cache.get("content", {}).items() if path in seen}
    return result(items, excluded)


class _Files:
    """Turns paths into items, with the tables that all of them need."""

    def __init__(self, context: Context) -> None:
        self.context = context
        index = dpkg.index(context)
        self.owners, self.originals = index["owners"], index["md5"]
        users, _bad = parse_users(context.read("/etc/passwd") or b"", {})
        groups, _bad = parse_groups(context.read("/etc/group") or b"")
        self.users = _names(users, "uid")
        self.groups = _names(groups, "gid")

    def as_packaged(self, path: str) -> os.stat_result | None:
        """What lstat says of a file that is as its package brought it, which is no secret of this host; None for every other path."""
        original = self.originals.get(dpkg.modern(path))
        if original is None:
            return None
        try:
            with files_content.place(self.context, path) as (directory, name):
                info = os.stat(name, dir_fd=directory, follow_symlinks=False)
            small = stat.S_ISREG(info.st_mode) and info.st_size <= files_content.LIMIT
            return info if small and files_content.examine(self.context, path, info, original).pristine else None
        except (OSError, files_content.Vanished):
            return None

    def item(self, path: str, info: os.stat_result) -> tuple[Item | None, str | None]:
        """(item, None), (None, reason), or (None, None) for a file that its package contains unchanged."""
        kind = TYPES.get(stat.S_IFMT(info.st_mode))
        if kind is None:
            return None, "special_file"
        package = self.owners.get(dpkg.modern(path))
        if package and not path.startswith("/etc/") and (kind != "file" or info.st_size > files_content.LIMIT or path not in self.originals):
            return None, None
        item = {
            "type": kind,
            "owner": self.users.get(info.st_uid, str(info.st_uid)),
            "group": self.groups.get(info.st_gid, str(info.st_gid)),
        }
        reason = getattr(self, "_" + kind)(path, info, item)
        if reason or (item.get("pristine") and not path.startswith(("/etc/", rules.KEYRINGS))):
            return None, reason
        if package:
            item["package"] = package
        return item, None

    def _dir(self, _path: str, info: os.stat_result, item: Item) -> str | None:
        item["mode"] = "%04o" % stat.S_IMODE(info.st_mode)
        return None

    def _link(self, path: str, _info: os.stat_result, item: Item) -> str | None:
        try:
            with files_content.place(self.context, path) as (directory, name):
                item["target"] = text(os.readlink(name, dir_fd=directory))
        except OSError:
            return "vanished"
        if path.startswith("/etc/systemd/"):
            target = dpkg.modern(os.path.normpath(os.path.join(os.path.dirname(path), item["target"])))
            if target in self.owners:
                item["package"] = self.owners[target]
        return None

    def _file(self, path: str, info: os.stat_result, item: Item) -> str | None:
        if info.st_size > files_content.LIMIT:
            return "file_too_large: %d MiB" % (info.st_size >> 20)
        try:
            content = files_content.examine(self.context, path, info, self.originals.get(dpkg.modern(path)))
        except files_content.Vanished:
            return "vanished"
        except PermissionError:
            return "unreadable"
        if content.secret:
            return "secret_excluded: it holds " + content.secret
        item.update(mode="%04o" % stat.S_IMODE(info.st_mode), size=info.st_size, digest=content.digest)
        if content.pristine:
            item["pristine"] = True
        return None


def _names(accounts: Items, number: str) -> dict[int, str]:
    names: dict[int, str] = {}
    for name, account in accounts.items():
        names.setdefault(account[number], name)
    return names
