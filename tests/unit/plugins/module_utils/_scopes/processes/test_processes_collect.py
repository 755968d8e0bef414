# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes import collect as processes
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes.selection import Selection


def test_a_real_process_is_seen_without_its_secret(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    address = "tcp 127.0.0.1:%d" % listener.getsockname()[1]
    program = "import sys; sys.stdin.read()"
    argv = [sys.executable, "-c", program, "--password=hunter2geheim"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, cwd=tmp_path, pass_fds=[listener.fileno()]) as child:
        listener.close()  # the child alone listens now
        groups = processes.collect_telemetry(Context())["groups"]
        entries = [entry for group in groups.values() for entry in group["processes"] if child.pid in entry["pids"]]
        child.communicate()
    assert [entry["cwd"] for entry in entries] == [str(tmp_path)]
    assert entries[0]["argv"][-1] == "--password=[redacted]"
    assert os.path.samefile(entries[0]["exe"], os.path.realpath(sys.executable))
    assert entries[0]["listening"] == [address]


def test_only_selected_processes_are_read():
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        name = os.path.basename(os.readlink("/proc/%d/exe" % child.pid))
        groups = processes.collect_telemetry(Context(), Selection(names=["python*"]))["groups"]
        none = processes.collect_telemetry(Context(), Selection(names=[name], users=["no-such-user"]))
        child.communicate()
    assert child.pid in {pid for group in groups.values() for entry in group["processes"] for pid in entry["pids"]}
    assert all(entry["name"].startswith("python") for group in groups.values() for entry in group["processes"])
    assert none == {"groups": {}, "llm": []}


def test_what_this_user_may_not_read_is_told(monkeypatch):
    def row(process):
        seen = original(process)
        return dict(seen, read_bytes=None, exe=None) if seen and seen["pid"] == os.getpid() else seen

    original, context = processes._row, Context()
    monkeypatch.setattr(processes, "_row", row)
    monkeypatch.setattr(processes.os, "geteuid", lambda: 1000)
    processes.collect_telemetry(context)
    assert re.fullmatch(r"Fields such as exe, .* of \d+ of \d+ processes cannot be read by this user: run this as root \(become\)\.", context.missed[0])


def test_without_psutil_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(processes, "psutil", None)
    with pytest.raises(TwinError, match="has no psutil: .*install"):
        processes.collect_telemetry(Context())
