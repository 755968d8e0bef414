# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists unit files with one pass over systemd's unit directories, without calling systemd.

Asking systemd for every unit file costs it a scan of all links per unit; the walk's stamp tells when that must be paid
again.
"""
from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from ..._base.codec import digest

# Highest priority first, as in systemd.unit(5).
DIRECTORIES = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
RUNNING = (".service", ".socket", ".timer", ".path")  # all of these are items; of mounts and targets only some
GLOBS = ["*" + suffix for suffix in RUNNING]
TYPES = RUNNING + (".mount", ".target")
VALID = re.compile(r"[A-Za-z0-9:_.\\@-]+\Z")  # systemd leaves files of other names alone
LINKS = (".wants", ".requires", ".upholds")


class Tree(NamedTuple):
    """names: {unit: path of its first file}; templates: the same of foo@.service; linked: units that links in .wants name;
    stamp: a digest that changes with any unit file, drop-in or link."""

    names: dict[str, str]
    templates: dict[str, str]
    linked: set[str]
    stamp: str


def scan(directories: tuple[str, ...] = DIRECTORIES) -> Tree:
    """The Tree of the unit directories that exist."""
    names: dict[str, str] = {}
    templates: dict[str, str] = {}
    linked: set[str] = set()
    stamps, seen = [], set()
    for directory in directories:
        real = os.path.realpath(directory)
        if real in seen or not os.path.isdir(real):
            continue
        seen.add(real)
        for entry in _entries(real):
            stamps.append(_stamp(entry))
            if entry.name.endswith(TYPES) and VALID.match(entry.name):
                if not _is_alias(entry):
                    (templates if is_template(entry.name) else names).setdefault(entry.name, entry.path)
            elif entry.is_dir():
                inner = _entries(entry.path)
                stamps.extend(_stamp(child) for child in inner)
                if entry.name.endswith(LINKS):
                    linked.update(child.name for child in inner if child.name.endswith(TYPES))
    return Tree(names, templates, {name for name in linked if not is_template(name)}, digest(stamps))


def is_template(name: str) -> bool:
    """True for foo@.service."""
    return name.rpartition(".")[0].endswith("@")


def is_instance(name: str) -> bool:
    """True for foo@bar.service."""
    return "@" in name and not is_template(name)


def wanted_targets(tree: Tree) -> set[str]:
    """Targets somebody may switch: made or masked by the admin, enabled by a link, or with an [Install] section."""
    return {name for name, path in tree.names.items() if name.endswith(".target") and (
        path.startswith("/etc/") or name in tree.linked or _has_install(path))}


def admin_mounts(tree: Tree) -> set[str]:
    """Mount units written by hand; those of fstab and of systemd itself are not ours to declare."""
    return {name for name, path in tree.names.items() if name.endswith(".mount") and path.startswith("/etc/")}


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:  # generators' directories come and go with daemon-reload
        return []


def _stamp(entry: os.DirEntry[str]) -> list[Any]:
    try:
        stat = entry.stat()
    except OSError:  # a dangling link is stamped itself
        try:
            stat = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return [entry.path, None]
    return [entry.path, stat.st_ctime_ns, stat.st_size, stat.st_ino]


def _is_alias(entry: os.DirEntry[str]) -> bool:
    """A link to a unit of another name; foo@bar.service to foo@.service is an instance, a link to null a mask."""
    if not entry.is_symlink():
        return False
    target = os.path.basename(os.readlink(entry.path))
    if target in (entry.name, "null"):
        return False
    return not (is_instance(entry.name) and target.partition("@")[0] == entry.name.partition("@")[0])


def _has_install(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return b"[Install]" in stream.read()
    except OSError:  # dangling or vanished: systemd has the last word on it
        return False
