# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resident program as a process of its own, called over its socket as the hypervisor calls it."""
from __future__ import annotations

import json
import os
import pathlib
import socket
import stat
import subprocess
import sys
import time

import psutil
import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import errors
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program as transport_program

PACKAGE = pathlib.Path(transport_program.__file__).resolve().parents[1]


@pytest.fixture
def resident(tmp_path):
    """A running one: its process, and what it answers to a program's name and a request."""
    (tmp_path / "safetytwin").symlink_to(PACKAGE)
    path = tmp_path / "serve.sock"
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    imports = tmp_path / "imports"
    command = [sys.executable, "-X", "importtime", "-m", "safetytwin._serve", str(path)]
    with imports.open("wb") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        until(path.exists)

        def ask(program, request=None):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(path))
                caller.sendall(program.encode() + b"\n" + json.dumps(request).encode())
                caller.shutdown(socket.SHUT_WR)
                return transport_program.unpack(b"".join(iter(lambda: caller.recv(1 << 16), b"")), "the resident program")

        ask.process, ask.path, ask.imports = psutil.Process(process.pid), path, imports
        yield ask
        process.terminate()


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_returns_the_boot_id(resident):
    assert resident("_ping")["boot_id"] == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_only_its_user_can_call_it(resident):
    assert stat.S_IMODE(resident.path.stat().st_mode) == 0o600


def test_each_call_is_a_process_that_ends(resident):
    for _call in range(5):
        assert "user:root" in resident("_harvest", {"role": "twin", "scopes": ["accounts"]})["scopes"]["accounts"]["items"]
    until(lambda: not resident.process.children())
    assert resident("_ping")


def test_a_refused_call_does_not_fail_the_others(resident):
    with pytest.raises(errors.TwinError, match="no scope weather"):
        resident("_harvest", {"role": "twin", "scopes": ["weather"]})
    assert resident("_ping")


def test_it_imports_every_part_before_the_first_call(resident):
    ready = resident.imports.read_text()
    parts = {path.parent.name + "." + path.stem for name in ("apply", "collect", "readback", "snapshot") for path in PACKAGE.glob(f"_scopes/*/{name}.py")}
    assert {part for part in parts if f"safetytwin._scopes.{part}\n" not in ready} == set()
    resident("_harvest", {"role": "twin", "telemetry": True})
    assert [line for line in resident.imports.read_text()[len(ready):].splitlines() if "safetytwin." in line] == []
