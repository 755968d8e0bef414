# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base images by path: imported once, reused, removed. A faulty image is refused with a sentence and leaves no files."""
from __future__ import annotations

import hashlib
import subprocess

import pytest

IMAGE = "safetytwin.twin.twin_image"


@pytest.fixture(name="results", scope="module")
def fixture_results(play, tmp_path_factory):
    work = tmp_path_factory.mktemp("images")
    whole, cut, kept = work / "whole.qcow2", work / "cut.qcow2", work / "kept"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=full", str(whole), "8M"], check=True)
    cut.write_bytes(whole.read_bytes()[: 4 << 20])
    right = "sha256:" + hashlib.sha256(whole.read_bytes()).hexdigest()

    def image(path, **options):
        return {IMAGE: {"path": str(path), "directory": str(kept), **options}}

    there = {"ansible.builtin.find": {"paths": str(kept), "recurse": True, "hidden": True, "patterns": "disk.qcow2,manifest.json"}}
    return play({
        "missing": image(work / "nowhere.qcow2"), "truncated": image(cut), "damaged": image(whole, checksum="sha256:" + "0" * 64),
        "unclear": image(whole, checksum="md5:1"), "nothing": {IMAGE: {"directory": str(kept)}}, "left": there,
        "planned": {**image(whole, checksum=right), "check_mode": True}, "still_none": there,
        "made": image(whole, checksum=right), "made_files": there, "again": image(whole, checksum=right),
        "removed": image(whole, checksum=right, state="absent"), "removed_again": image(whole, checksum=right, state="absent"), "gone": there,
    }).results


@pytest.mark.parametrize(("name", "words"), [
    ("missing", "nowhere.qcow2"), ("truncated", "cut.qcow2"), ("damaged", "checksum"), ("unclear", "checksum"), ("nothing", "facts"),
])
def test_what_is_wrong_is_a_sentence(results, name, words):
    failed = results[name]
    assert failed["failed"] and words in failed["msg"]
    assert "Traceback" not in failed["msg"] + failed.get("module_stderr", "")


def test_a_refused_image_leaves_nothing(results):
    assert results["left"]["matched"] == 0


def test_planned_made_kept_removed(results):
    assert results["planned"]["changed"] and results["still_none"]["matched"] == 0
    assert results["made"]["changed"] and results["made_files"]["matched"] == 2
    assert not results["again"]["changed"] and results["again"]["directory"] == results["made"]["directory"]
    assert results["removed"]["changed"] and not results["removed_again"]["changed"] and results["gone"]["matched"] == 0
