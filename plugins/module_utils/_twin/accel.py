# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether KVM may be used: a guest kernel has to boot under it, since a /dev/kvm that opens proves nothing."""

from __future__ import annotations

import json
import os
import platform
from typing import Any, Iterable, TypedDict

from .._base.codec import dumps, write_atomic
from .._base.errors import TwinError
from .._base.run import run

QEMU = "qemu-system-x86_64"
DEVICE = "/dev/kvm"
PROBE_SECONDS = 20
# A kernel without a root file system gets this far and panics; panic=-1 and -no-reboot turn that into QEMU's exit.
MARKER = b"Unable to mount root"


class Verdict(TypedDict):
    """kvm or tcg, and why, as a sentence."""

    accel: str
    reason: str


def choose(wanted: str, kernels: Iterable[str], cache: str, remember: bool = True) -> Verdict:
    """{"accel": "kvm"|"tcg", "reason": sentence}. wanted: auto, kvm or tcg; kernels: paths of kernels to try, first readable wins;
    cache: file of the last verdict, valid for one boot of this machine and one QEMU."""
    if wanted != "auto":
        return {"accel": wanted, "reason": "asked for"}
    if platform.machine() != "x86_64":
        raise TwinError("Twins run on x86_64 hypervisors; this one is %s." % platform.machine())
    key = _situation()
    known = _recall(cache)
    if known and known["key"] == key:
        return {"accel": known["verdict"]["accel"], "reason": known["verdict"]["reason"]}
    verdict = probe(kernels)
    if remember:
        write_atomic(cache, dumps({"key": key, "verdict": verdict}).encode("ascii"))
    return verdict


def probe(kernels: Iterable[str], device: str = DEVICE, seconds: float = PROBE_SECONDS) -> Verdict:
    """Boot a kernel under KVM for a bounded time and say what came of it."""
    if not os.access(device, os.R_OK | os.W_OK):
        return _tcg("%s is missing or not open to this user" % device)
    kernel = next((path for path in kernels if os.access(path, os.R_OK)), None)
    if kernel is None:
        return _tcg("there is no kernel to try KVM with")
    result = run(
        [
            QEMU,
            "-machine",
            "q35,accel=kvm",
            "-cpu",
            "host",
            "-m",
            "256",
            "-smp",
            "1",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
            "-serial",
            "stdio",
            "-kernel",
            kernel,
            "-append",
            "panic=-1 console=ttyS0",
        ],
        timeout=seconds,
    )
    if MARKER in result.out:
        return {"accel": "kvm", "reason": "a kernel booted under KVM"}
    if result.rc == 124:
        return _tcg("KVM opens, but a kernel did not boot under it within %d s" % seconds)
    return _tcg("KVM opens, but QEMU does not run under it: %s" % result.err.decode("utf-8", "replace").strip()[-200:])


def _tcg(reason: str) -> Verdict:
    return {"accel": "tcg", "reason": reason}


def _situation() -> list[str]:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        boot = stream.read().strip()
    return [boot, run([QEMU, "--version"]).out.decode("utf-8", "replace").split("\n", 1)[0]]


def _recall(cache: str) -> dict[str, Any] | None:
    """The last verdict, or None; a damaged cache is worth no more than a missing one."""
    try:
        with open(cache, encoding="ascii") as stream:
            known: dict[str, Any] = json.load(stream)
    except (FileNotFoundError, ValueError):
        return None
    return known
