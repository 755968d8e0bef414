# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the owner of a process by its control group."""
from __future__ import annotations

import functools
import os
import pwd
import re
from typing import Any, Mapping

CONTAINER = re.compile(r"(?:docker|libpod|libpod_parent|libpod-payload|cri-containerd|crio|containerd)[-/:]+([0-9a-f]{64})")
UNIT = re.compile(r"/([^/]+\.(?:service|socket|mount))(?:/|\Z)")
USER_UNIT = re.compile(r"/user@(\d+)\.service/(?:.*/)?([^/]+\.service)(?:/|\Z)")
SESSION = re.compile(r"/(session-[^/]+)\.scope")


def owner_of(cgroup: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """(owner, kind) by a control group's path; row is used where that says nothing."""
    found = CONTAINER.search(cgroup)
    if found:
        return "container:" + found.group(1)[:12], "container"
    unit = unit_of(cgroup, row["username"])
    if unit:
        return "unit:" + unit, "unit"
    found = SESSION.search(cgroup)
    if found:
        return "session:" + found.group(1), "session"
    if row["pid"] == 2 or row["ppid"] == 2:
        return "kernel", "kernel"
    return "alone:" + program_name(row["name"]), "alone"


def program_name(name: str | None) -> str:
    """The name of a program, without what the kernel adds for one that was started from memory."""
    return re.sub(r"\Amemfd:|\s*\(deleted\)\Z", "", name or "") or "?"


def unit_of(cgroup: str, user: str | None = None) -> str | None:
    """The unit of a control group, by its key in the scope services; None for a session, a container, or no unit.

    user is the name of the user whose unit it is, where that is known.
    """
    if CONTAINER.search(cgroup):
        return None
    found = USER_UNIT.search(cgroup)
    if found:
        return "user@%s/%s" % (user or _account(found.group(1)), _unescaped(found.group(2)))
    found = None if SESSION.search(cgroup) else UNIT.search(cgroup)
    return _unescaped(found.group(1)) if found else None


def _unescaped(name: str) -> str:
    """systemd puts a `_` before names that the kernel could take for a file of its own, such as cpu.service."""
    return name[1:] if name.startswith("_") else name


def cgroup_of(pid: int) -> str:
    """The path of a process's control group; "/" for a process that is gone."""
    try:
        with open("/proc/%d/cgroup" % pid, "rb") as stream:
            return parse_cgroup(os.fsdecode(stream.read()))
    except OSError:
        return "/"


def parse_cgroup(content: str) -> str:
    """The path that says most in /proc/PID/cgroup (text): the unified hierarchy's, else systemd's own."""
    rows = (line.split(":", 2) for line in content.splitlines() if line.count(":") > 1)
    paths = {controllers: path for _number, controllers, path in rows}
    unified = paths.get("", "/")
    return unified if unified != "/" else paths.get("name=systemd", unified)


@functools.lru_cache(maxsize=256)
def _account(uid: str) -> str:
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except KeyError:
        return uid
