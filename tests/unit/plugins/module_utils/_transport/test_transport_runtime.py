# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime: the same tree gives the same version, and it runs where it is installed."""
from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._store import retention
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import runtime


def shell(command, stdin=b""):
    return subprocess.run(["/bin/sh", "-c", command], input=stdin, capture_output=True, check=False)


def test_install_and_call(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path / "runtime"))
    version, archive = runtime.version(), runtime.archive()
    call = runtime.call("_scopes.schema", sys.executable)
    assert shell(call).returncode == runtime.MISSING
    installed = shell(runtime.install(sys.executable), archive)
    assert installed.returncode == 0, installed.stderr
    assert shell(call).returncode == 0
    assert list((tmp_path / "runtime" / version / "safetytwin" / "_scopes" / "__pycache__").glob("schema.*.pyc"))
    assert (tmp_path / "runtime" / version).stat().st_mode & 0o077 == 0


@pytest.fixture(name="older")
def fixture_older(tmp_path, monkeypatch):
    """Five versions that were installed one after the other, the last one newest; returns their names."""
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    names = ["%016x" % number for number in range(5)]
    for number, name in enumerate(names):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (number, number))
    return names


def versions(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir())


def test_the_newest_versions_stay(older, tmp_path):
    assert shell(runtime.install(sys.executable), runtime.archive()).returncode == 0
    assert versions(tmp_path) == sorted([*older[-2:], runtime.version()])
    assert len(versions(tmp_path)) == runtime.KEPT == retention.RUNTIMES


def test_a_version_that_a_process_runs_stays(older, tmp_path):
    """A resident process imports files of its version whenever it needs them."""
    resident = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / older[1])})
    try:
        assert shell(runtime.install(sys.executable), runtime.archive()).returncode == 0
        assert versions(tmp_path) == sorted([older[1], *older[-2:], runtime.version()])
    finally:
        resident.kill()
        resident.wait()


def test_no_runtime_is_removed_if_processes_cannot_be_read(older, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/grep").write_text("#!/bin/sh\nexit 2\n", encoding="ascii")
    (tmp_path / "bin/grep").chmod(0o755)
    command = "PATH=%s:$PATH; %s" % (tmp_path / "bin", runtime.install(sys.executable))
    assert shell(command, runtime.archive()).returncode == 0
    assert set(older) <= set(versions(tmp_path))


def test_two_simultaneous_installations_give_one_runtime(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    version, archive = runtime.version(), runtime.archive()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda number: shell(runtime.install(sys.executable), archive), range(4)))
    assert [each.returncode for each in done] == [0, 0, 0, 0], done
    assert [path.name for path in tmp_path.iterdir()] == [version]
    installed = (tmp_path / version).stat().st_ino
    assert shell(runtime.install(sys.executable), archive).returncode == 0
    assert (tmp_path / version).stat().st_ino == installed, "what may be running is not replaced by the same"


def test_a_damaged_archive_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    assert shell(runtime.install(sys.executable), runtime.archive()[:5000]).returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_the_archive_made_of_an_installed_runtime_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    version, archive = runtime.version(), runtime.archive()
    shell(runtime.install(sys.executable), archive)
    code = "from safetytwin._transport import runtime; print(runtime.version())"
    again = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / version, capture_output=True, text=True, check=True)
    assert again.stdout.strip() == version
