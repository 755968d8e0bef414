# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._twin import accel

with_qemu = pytest.mark.skipif(shutil.which(accel.QEMU) is None, reason="QEMU is not installed")


def test_what_is_asked_for_is_taken(tmp_path):
    assert accel.choose("tcg", [], str(tmp_path / "accel.json")) == {"accel": "tcg", "reason": "asked for"}


def test_no_device_and_no_kernel_mean_emulation(tmp_path):
    assert "missing" in accel.probe([], device=str(tmp_path / "kvm"))["reason"]
    device = tmp_path / "null"
    device.write_bytes(b"")
    assert "no kernel" in accel.probe([str(tmp_path / "vmlinuz")], device=str(device))["reason"]


@with_qemu
def test_a_file_that_boots_nothing_means_emulation_within_the_time(tmp_path):
    kernel = tmp_path / "vmlinuz"
    kernel.write_bytes(b"no kernel")
    device = tmp_path / "device"
    device.write_bytes(b"")
    assert accel.probe([str(kernel)], device=str(device), seconds=5)["accel"] == "tcg"


@with_qemu
def test_the_verdict_is_kept_for_this_boot_and_this_qemu(tmp_path):
    cache = tmp_path / "accel.json"
    first = accel.choose("auto", [], str(cache))
    known = json.loads(cache.read_text())
    known["verdict"]["reason"] = "from the cache"
    cache.write_text(json.dumps(known))
    assert accel.choose("auto", [], str(cache))["reason"] == "from the cache"
    known["key"][0] = "another boot"
    cache.write_text(json.dumps(known))
    assert accel.choose("auto", [], str(cache)) == first
    cache.write_text("damaged")
    assert accel.choose("auto", [], str(cache)) == first
