# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The call of the namespace's program; what it holds back is shown in tests/integration/images."""
from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._image import namespace


def test_the_call_carries_its_program_and_what_is_shown_inside():
    call = namespace.command("/w/root", {"/build": "/w/build"}, ["sh", "-c", "true"])
    assert call[:3] == [sys.executable, "-I", "-c"] and call[5:] == ["sh", "-c", "true"]
    assert json.loads(call[4]) == {"root": "/w/root", "places": {"/build": "/w/build"}}
    imported = [node for node in ast.walk(ast.parse(call[3])) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert all(not getattr(node, "level", 0) for node in imported), "its source runs without the collection"


def test_its_users_are_none_of_accounts_or_containers():
    assert namespace.FIRST > 0x6FFFFFFF and namespace.FIRST + 2 * namespace.COUNT < 1 << 31


def test_links_are_shown_as_links(tmp_path):
    (tmp_path / "bin").symlink_to("usr/bin")
    namespace._show(str(tmp_path / "bin"), str(tmp_path / "root/bin"))
    assert os.readlink(tmp_path / "root/bin") == "usr/bin"


def test_the_status_of_the_program_is_passed_on(tmp_path, monkeypatch, capsys):
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    assert namespace._wait(child.pid, str(tmp_path)) == 7
    monkeypatch.setattr(namespace, "FLOOR", 1 << 60)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    assert namespace._wait(child.pid, str(tmp_path / "root")) == namespace.FULL
    assert "filled the disk below %s" % tmp_path in capsys.readouterr().err


def test_what_cannot_be_done_is_an_error_with_its_name():
    with pytest.raises(OSError, match="mount"):
        namespace._mount("none", "/nowhere/at/all", "tmpfs", 0)
