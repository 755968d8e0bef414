# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory with a base image: disk.qcow2, and for direct boot vmlinuz, initrd.img and manifest.json beside it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, TypedDict

from .._base.errors import TwinError
from .._libvirt.domain import Boot
from . import layers
from .twindir import require_reachable

DISK = "disk.qcow2"
# quiet and no status lines: every byte on an emulated serial port is an exit to QEMU.
# no_timer_check: on a busy hypervisor an emulated timer misses the kernel's test of it, and the boot hangs.
CMDLINE = "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no mitigations=off no_timer_check"


class Image(TypedDict):
    """A base image: boot is None where it has its own boot loader."""

    disk: str
    boot: Boot | None
    digest: str


def read_image(directory: str) -> Image:
    """The base image in a directory; what is missing or damaged is a sentence."""
    disk = os.path.join(directory, DISK)
    if not os.path.isfile(disk):
        raise TwinError("Base image %s is missing: build it with the module twin_image, or give a directory that contains %s." % (disk, DISK))
    require_reachable(os.path.realpath(directory))
    layers.verify(disk)
    manifest = _manifest(directory)
    return {"disk": disk, "boot": _boot(directory, manifest), "digest": manifest.get("digest") or _digest(disk)}


def _manifest(directory: str) -> dict[str, Any]:
    path = os.path.join(directory, "manifest.json")
    try:
        with open(path, encoding="utf-8") as stream:
            manifest: dict[str, Any] = json.load(stream)
    except FileNotFoundError:
        return {}
    except ValueError as wrong:
        raise TwinError("%s is not JSON: %s; build the image again." % (path, wrong)) from wrong
    return manifest


def _boot(directory: str, manifest: dict[str, Any]) -> Boot | None:
    kernel, initrd = os.path.join(directory, "vmlinuz"), os.path.join(directory, "initrd.img")
    present = [os.path.isfile(path) for path in (kernel, initrd)]
    if not any(present):
        return None
    if not all(present):
        raise TwinError("Base image %s has only one of vmlinuz and initrd.img: build it again." % directory)
    return {"kernel": kernel, "initrd": initrd, "cmdline": manifest.get("cmdline") or CMDLINE}


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
