# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a build that need no package source; the whole of it is shown in tests/integration and the lab."""
from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._image import build


def test_a_missing_tool_is_named_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TwinError, match="needs mmdebstrap: install the package mmdebstrap on the hypervisor"):
        build._require(str(tmp_path))


def test_a_full_disk_is_reported_before_a_change(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: "/bin/" + program)
    monkeypatch.setattr(build, "NEEDED_MIB", 1 << 40)
    with pytest.raises(TwinError, match="No space to build a base image in %s: [0-9]+ MiB are free" % tmp_path):
        build._require(str(tmp_path / "work") if (tmp_path / "work").mkdir() else str(tmp_path / "work"))


def test_what_the_hooks_read_is_written_with_any_byte_and_links_are_links(tmp_path):
    build._write_inputs(str(tmp_path), {"/etc/apt/sources.list": b"deb \xff\n"}, {"passwd": ["j\udcf3zef:x:1:1::/:/bin/sh"], "hold": []})
    assert (tmp_path / "overlay/etc/apt/sources.list").read_bytes() == b"deb \xff\n"
    assert (tmp_path / "lists/passwd").read_bytes() == b"j\xf3zef:x:1:1::/:/bin/sh\n"
    assert (tmp_path / "lists/hold").read_bytes() == b""
    assert {"merge", "finish"} <= set(os.listdir(tmp_path / "lists"))
    assert os.readlink(tmp_path / "overlay/etc/systemd/system-generators/systemd-debug-generator") == "/dev/null"


def test_what_is_taken_of_a_tree_is_written_to_files_that_are_there(tmp_path, monkeypatch):
    given, called = [], []
    monkeypatch.setattr(build, "_give", given.append)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.remove(path))
    (tmp_path / "build").mkdir()

    def inside(work, places, argv, doing, timeout):
        called.append((places, sorted(given)))
        (tmp_path / "output/installed").write_bytes(b"zz:all 1\naa:amd64 1:2.0-1~x\n{{ 7 }}:all 1\n\x1b[31m:all 1\n")

    monkeypatch.setattr(build, "_inside", inside)
    monkeypatch.setattr(build, "check", lambda argv, doing, timeout: (tmp_path / "disk.qcow2").touch() if argv[0] == "qemu-img" else b"")
    assert build._take_out(str(tmp_path), 1) == ["aa:amd64 1:2.0-1~x", "zz:all 1"]
    names = ["disk.raw", "initrd.img", "installed", "vmlinuz"]
    assert called == [({"/build": "build", "/output": "output"}, [str(tmp_path / "output" / name) for name in names])]
    assert given == [] and {"vmlinuz", "initrd.img", "disk.qcow2"} <= set(os.listdir(tmp_path))
