# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a build that need no package source; the whole of it is shown in tests/integration and the lab."""
from __future__ import annotations

import gzip
import os
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check
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


def test_the_newest_kernel_is_taken_with_its_ramdisk_unpacked(tmp_path):
    (tmp_path / "tree/boot").mkdir(parents=True)
    with pytest.raises(TwinError, match="has no kernel in /boot"):
        build._take_kernel(str(tmp_path / "tree"), str(tmp_path))
    for release in ("6.1.0-18", "6.1.0-21"):
        (tmp_path / "tree/boot" / ("vmlinuz-" + release)).write_text("k" + release)
        (tmp_path / "tree/boot" / ("initrd.img-" + release)).write_bytes(gzip.compress(b"i" + release.encode()))
    build._take_kernel(str(tmp_path / "tree"), str(tmp_path))
    assert ((tmp_path / "vmlinuz").read_text(), (tmp_path / "initrd.img").read_text()) == ("k6.1.0-21", "i6.1.0-21")


def test_a_tree_becomes_a_disk_of_the_size_asked_for(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/hello").write_text("x" * 4096)
    build._disk(str(tmp_path / "tree"), str(tmp_path), 1)
    assert b'"virtual-size": 1073741824' in check(["qemu-img", "info", "--output=json", str(tmp_path / "disk.qcow2")], "Asking")
    assert sorted(os.listdir(tmp_path)) == ["disk.qcow2"]


def test_installed_packages_are_read_from_the_tree(tmp_path):
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    stanza = "Package: %s\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: x\n\n"
    (tmp_path / "var/lib/dpkg/status").write_text(stanza % "zz" + stanza % "aa")
    assert build._installed(str(tmp_path)) == ["aa:all 1", "zz:all 1"]
