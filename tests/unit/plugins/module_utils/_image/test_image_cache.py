# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import concurrent.futures
import hashlib
import os
import threading

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._image import cache

SHA = "sha256:" + "0" * 64


def test_a_path_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(TwinError, match="No such file"):
        cache.build({"path": str(tmp_path / "none.qcow2")}, str(tmp_path / "images"))


def test_a_raw_image_is_taken_once_then_cached_then_removed(tmp_path):
    disk, images = tmp_path / "disk.raw", str(tmp_path / "images")
    disk.write_bytes(b"\1" * 4096)
    request = {"path": str(disk), "checksum": "sha256:" + hashlib.sha256(b"\1" * 4096).hexdigest()}
    first = cache.build(request, images)
    second = cache.build(request, images)
    assert (first["changed"], second["changed"], second["directory"]) == (True, False, first["directory"])
    assert cache.remove(request, images)
    assert not cache.remove(request, images)


def test_a_wrong_checksum_leaves_nothing_that_counts(tmp_path):
    disk, images = tmp_path / "disk.raw", str(tmp_path / "images")
    disk.write_bytes(b"\1" * 4096)
    request = {"path": str(disk), "checksum": SHA}
    with pytest.raises(TwinError, match="damaged or a different image"):
        cache.build(request, images)
    assert cache.find(request, images)[2] is None


def test_a_local_file_that_changed_is_another_image(tmp_path):
    disk, images = tmp_path / "disk.raw", str(tmp_path / "images")
    disk.write_bytes(b"\1" * 4096)
    first = cache.build({"path": str(disk)}, images)
    disk.write_bytes(b"\2" * 8192)
    second = cache.build({"path": str(disk)}, images)
    assert (second["changed"], second["directory"] != first["directory"]) == (True, True)
    assert sorted(os.listdir(second["directory"])) == ["disk.qcow2", "manifest.json"]
    assert not os.path.exists(os.path.join(images, ".work"))


def test_a_build_removes_the_files_of_a_killed_build(tmp_path):
    disk, images = tmp_path / "disk.raw", tmp_path / "images"
    disk.write_bytes(b"\1" * 4096)
    (images / ".work/image").mkdir(parents=True)
    target = cache.find({"path": str(disk)}, str(images))[1]
    os.makedirs(os.path.join(target, "half"))
    assert cache.build({"path": str(disk)}, str(images))["changed"]
    assert sorted(os.listdir(target)) == ["disk.qcow2", "manifest.json"]


def test_check_mode_removes_nothing(tmp_path):
    disk, images = tmp_path / "disk.raw", str(tmp_path / "images")
    disk.write_bytes(b"\1" * 4096)
    cache.build({"path": str(disk)}, images)
    assert cache.remove({"path": str(disk)}, images, check_mode=True)
    assert cache.find({"path": str(disk)}, images)[2] is not None


def test_two_requests_at_once_build_once(tmp_path, monkeypatch):
    disk, images, built = tmp_path / "disk.raw", str(tmp_path / "images"), threading.Barrier(2)
    disk.write_bytes(b"\1" * 4096)
    found, find = threading.local(), cache.find

    def both_miss(*words):
        result = find(*words)
        if not getattr(found, "once", False):
            found.once = True
            built.wait(timeout=60)
        return result

    monkeypatch.setattr(cache, "find", both_miss)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _each: cache.build({"path": str(disk)}, images), range(2)))
    assert sorted(each["changed"] for each in results) == [False, True]


def test_an_image_that_is_removed_meanwhile_is_built_again(tmp_path, monkeypatch):
    disk, images = tmp_path / "disk.raw", str(tmp_path / "images")
    disk.write_bytes(b"\1" * 4096)
    request = {"path": str(disk)}
    cache.build(request, images)
    utime = os.utime

    def late(path):
        monkeypatch.setattr(os, "utime", utime)
        assert cache.remove(request, images)
        utime(path)

    monkeypatch.setattr(os, "utime", late)
    again = cache.build(request, images)
    assert again["changed"] and os.path.exists(os.path.join(again["directory"], "disk.qcow2"))
