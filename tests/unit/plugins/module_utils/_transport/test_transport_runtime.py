# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime: the same tree gives the same version, and it runs where it is installed."""
from __future__ import annotations

import concurrent.futures
import subprocess
import sys

from ansible_collections.safetytwin.twin.plugins.module_utils._transport import runtime


def shell(command, stdin=b""):
    return subprocess.run(["/bin/sh", "-c", command], input=stdin, capture_output=True, check=False)


def test_install_and_call(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path / "runtime"))
    version, archive = runtime.archive()
    call = runtime.call("_scopes.schema", sys.executable)
    assert shell(call).returncode == runtime.MISSING
    installed = shell(runtime.install(sys.executable), archive)
    assert installed.returncode == 0, installed.stderr
    assert shell(call).returncode == 0
    assert list((tmp_path / "runtime" / version / "safetytwin" / "_scopes" / "__pycache__").glob("schema.*.pyc"))
    assert (tmp_path / "runtime" / version).stat().st_mode & 0o077 == 0


def test_another_version_replaces_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    old = tmp_path / "0123456789abcdef"
    old.mkdir()
    assert shell(runtime.install(sys.executable), runtime.archive()[1]).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [runtime.archive()[0]]


def test_two_installations_at_once_are_one(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    version, archive = runtime.archive()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda number: shell(runtime.install(sys.executable), archive), range(4)))
    assert [each.returncode for each in done] == [0, 0, 0, 0], done
    assert [path.name for path in tmp_path.iterdir()] == [version]
    installed = (tmp_path / version).stat().st_ino
    assert shell(runtime.install(sys.executable), archive).returncode == 0
    assert (tmp_path / version).stat().st_ino == installed, "what may be running is not replaced by the same"


def test_a_damaged_archive_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    assert shell(runtime.install(sys.executable), runtime.archive()[1][:5000]).returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_the_archive_made_of_an_installed_runtime_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path))
    version, archive = runtime.archive()
    shell(runtime.install(sys.executable), archive)
    code = "from safetytwin._transport import runtime; print(runtime.archive()[0])"
    again = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / version, capture_output=True, text=True, check=True)
    assert again.stdout.strip() == version
