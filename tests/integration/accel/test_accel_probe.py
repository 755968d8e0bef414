# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests the KVM probe with a real QEMU and a real kernel: its verdict, its reason, and its time limit."""
from __future__ import annotations

import json
import os
import time

import psutil
import pytest
from safetytwin._twin import accel

BOOTED = "a kernel booted under KVM"
SILENT = "KVM opens, but a kernel did not boot under it within 20 s"
DIED = "KVM opens, but QEMU does not run under it: "
CLOSED = "/dev/kvm is missing or not open to this user"


@pytest.fixture(name="probed", scope="module")
def fixture_probed(kernel):
    """The verdict of a probe and its duration in seconds; no QEMU runs afterwards."""
    begun = time.monotonic()
    verdict = accel.probe([kernel])
    seconds = time.monotonic() - begun
    assert psutil.Process().children(recursive=True) == []
    return verdict, seconds


def test_the_probe_ends_in_time(probed):
    assert accel.PROBE_SECONDS == 20
    assert probed[1] < 20 + 5


def test_the_verdict_is_what_was_seen(probed):
    verdict, seconds = probed
    assert set(verdict) == {"accel", "reason"}
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        assert verdict == {"accel": "tcg", "reason": CLOSED}
    elif verdict["accel"] == "kvm":
        assert verdict["reason"] == BOOTED
    elif seconds < 20:
        assert verdict["reason"].startswith(DIED) and len(verdict["reason"]) > len(DIED), "QEMU's own words"
    else:
        assert verdict["reason"] == SILENT


def test_a_kernel_that_boots_nothing_never_means_kvm(tmp_path):
    """The real device opens, where there is one, and that is not enough."""
    kernel = tmp_path / "vmlinuz"
    kernel.write_bytes(bytes(4096))
    begun = time.monotonic()
    verdict = accel.probe([str(kernel)])
    assert time.monotonic() - begun < 20 + 5
    assert verdict["accel"] == "tcg"
    assert verdict["reason"].startswith((SILENT, DIED, CLOSED))


def test_the_verdict_is_found_once_a_boot(kernel, probed, tmp_path):
    cache = tmp_path / "accel.json"
    first = accel.choose("auto", [kernel], str(cache))
    assert first["accel"] == probed[0]["accel"]
    assert json.loads(cache.read_text())["verdict"] == first
    kept = cache.stat()
    assert accel.choose("auto", [kernel], str(cache)) == first
    assert cache.stat() == kept, "no kernel was booted again"
