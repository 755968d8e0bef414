# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads processes, grouped by their owner (telemetry).

A process that vanishes while it is read, a zombie, or one that hidepid conceals is left out of what could not be learned of it.
"""
from __future__ import annotations

import os
import re
import sys
from typing import Any, Dict

from ..context import Context
from ..services import sockets
from ..services.cgroups import cgroup_of, owner_of

try:
    import psutil
except ImportError:  # said in a sentence by collect_telemetry
    psutil = None

from ..._base.errors import TwinError
from ..._base.interpreter import advice
from ..._secrets.redact import redact_argv
from . import llm
from .selection import Selection

GONE = (OSError,) if psutil is None else (psutil.Error, OSError)
ATTRIBUTES = [
    "pid", "ppid", "name", "cmdline", "exe", "username", "cwd", "cpu_times", "memory_info", "io_counters", "num_threads",
    "status",
]
TOTALS = ("cpu_seconds", "memory_bytes", "read_bytes", "written_bytes")
EMPTY = {"count": 0, "cpu_seconds": 0.0, "memory_bytes": 0, "read_bytes": 0, "written_bytes": 0}
GPUS = re.compile(r"/dev/(nvidia\d|nvidiactl|kfd|dri/render|accel)")

# Of a process: the ATTRIBUTES that are plain values, TOTALS (None where they are not known), the path of its cgroup, and what it is listening on.
Row = Dict[str, Any]


def collect_telemetry(context: Context, selection: Selection | None = None) -> dict[str, Any]:
    """{"groups": {OWNER: {"kind", "count", "processes": […], totals}}, "llm": […]} of the selected processes, or of all.

    OWNER is `unit:NAME`, `container:ID`, `session:NAME`, `kernel` or `alone:PROGRAM`. CPU in seconds since the processes
    began, memory (resident) and I/O in bytes. Processes of one owner with the same command line, user and directory are one
    entry with their count.
    """
    if psutil is None:
        raise TwinError("Processes cannot be read, because %s has no psutil: %s." % (sys.executable, advice("psutil")))
    rows = [row for row in map(_row, psutil.process_iter()) if row]
    listening = sockets.by_process(sockets.tables(), [row["pid"] for row in rows])
    for row in rows:
        row["listening"] = [str(socket) for socket in listening.get(row["pid"], ())]
    closed = sum(row["read_bytes"] is None for row in rows)
    if closed:
        cure = ": run this as root (become)" if os.geteuid() else ""
        context.missed.append("Fields such as exe, cwd, listening and I/O of %d of %d processes cannot be read by this user%s." % (closed, len(rows), cure))
    if selection is not None:
        rows = [row for row in rows if selection.takes(row, owner_of(row["cgroup"], row)[0])]
    return {"groups": grouped(rows), "llm": [workload for workload in map(_workload, rows) if workload]}


def grouped(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """{OWNER: {"kind", "count", "processes": […], totals}} of processes."""
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        owner, kind = owner_of(row["cgroup"], row)
        group = groups.setdefault(owner, dict(EMPTY, kind=kind, processes={}))
        group["count"] += 1
        for total in TOTALS:
            group[total] += row[total] or 0
        _merge(group["processes"], row)
    for group in groups.values():
        group["processes"] = [group["processes"][key] for key in sorted(group["processes"])]
        group["cpu_seconds"] = round(group["cpu_seconds"], 2)
    return groups


def _row(process: Any) -> Row | None:
    """What is known of a process, without what it listens on; None for a process that is gone or only waits to be reaped."""
    try:
        row = process.as_dict(ATTRIBUTES)
    except GONE:
        return None
    times, memory, traffic = row.pop("cpu_times"), row.pop("memory_info"), row.pop("io_counters")
    if row.pop("status") == psutil.STATUS_ZOMBIE:
        return None
    return dict(
        row,
        cgroup=cgroup_of(row["pid"]),
        cpu_seconds=sum(times[:2]) if times else None,
        memory_bytes=memory.rss if memory else None,
        read_bytes=traffic.read_bytes if traffic else None,
        written_bytes=traffic.write_bytes if traffic else None,
    )


def _merge(entries: dict[Any, dict[str, Any]], row: Row) -> None:
    argv = redact_argv(row["cmdline"] or [])
    while argv and not argv[-1]:  # a program that wrote its title over its arguments leaves empty ones behind
        argv.pop()
    key = (tuple(argv or [row["name"] or ""]), row["username"] or "", row["cwd"] or "")
    entry = entries.setdefault(key, {
        "argv": argv, "name": row["name"], "exe": row["exe"], "user": row["username"], "cwd": row["cwd"],
        "count": 0, "threads": 0, "pids": [], "listening": [],
    })
    entry["count"] += 1
    entry["threads"] += row["num_threads"] or 0
    entry["pids"].append(row["pid"])
    entry["listening"] = sorted(set(entry["listening"]) | set(row["listening"]))


def _workload(row: Row) -> dict[str, Any] | None:
    seen = llm.recognise(row["cmdline"] or [])
    if seen is None:
        return None
    if "model" not in seen:
        seen = llm.recognise(row["cmdline"], _environment(row["pid"])) or seen
    if "model" in seen:
        seen["model"] = redact_argv(["", seen["model"]])[1]
    owner = owner_of(row["cgroup"], row)[0]
    return dict(seen, owner=owner, pid=row["pid"], gpus=_gpus(row["pid"]), memory_bytes=row["memory_bytes"])


def _environment(pid: int) -> dict[str, str]:
    """Only the variables that name a model: no other value is looked at."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as stream:
            pairs = os.fsdecode(stream.read()).split("\0")
    except OSError:
        return {}
    wanted = tuple(name + "=" for name in llm.MODEL_VARIABLES)
    return dict(pair.split("=", 1) for pair in pairs if pair.startswith(wanted))


def _gpus(pid: int) -> list[str]:
    """Device files of accelerators that the process has open."""
    base, found = "/proc/%d/fd" % pid, set()
    try:
        names = os.listdir(base)
    except OSError:
        return []
    for name in names:
        try:
            target = os.readlink(os.path.join(base, name))
        except OSError:  # closed meanwhile
            continue
        if GPUS.match(target):
            found.add(target)
    return sorted(found)
