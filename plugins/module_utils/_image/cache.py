# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache of base images: an image is built once and moved into the cache when it is complete."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from typing import Any, Callable, Iterator

from .._base import paths
from .._base.codec import write_atomic
from .._base.errors import TwinError
from .._base.run import check
from . import build as image_build
from . import fetch, inputs

DIRECTORY = os.path.join(paths.STATE, paths.IMAGES)
DEBS = os.path.join(paths.CACHE, paths.BUILD_PACKAGES)
CLEAR_SECONDS = 600
PARTS = {"path": ("disk.qcow2",), "url": ("disk.qcow2",), "build": ("disk.qcow2", "vmlinuz", "initrd.img")}


def find(request: inputs.Request, directory: str = DIRECTORY) -> tuple[str, str, dict[str, Any] | None]:
    """(key, where the image is or would be, its manifest or None) of a request; see inputs for its form."""
    key = inputs.key(request, _stamp(request))
    target = os.path.join(directory, key)
    try:
        with open(os.path.join(target, "manifest.json"), encoding="utf-8") as stream:
            return key, target, json.load(stream)
    except FileNotFoundError:
        return key, target, None


def build(request: inputs.Request, directory: str = DIRECTORY, progress: Callable[[str], None] = lambda line: None, debs: str = DEBS) -> dict[str, Any]:
    """Have the image of a request: {"changed", "directory", "manifest"}. progress is called with a line per stage.

    A build that was killed leaves nothing that counts; the next one clears it away.
    """
    key, target, manifest = find(request, directory)
    if manifest is None:
        with _alone(directory):
            _key, _target, manifest = find(request, directory)
            if manifest is None:
                return {"changed": True, "directory": target, "manifest": _make(request, key, target, progress, debs)}
    try:
        os.utime(target)  # images that no twin uses are removed by age
    except FileNotFoundError:
        return build(request, directory, progress, debs)  # it has just been removed
    progress("Base image from the cache")
    return {"changed": False, "directory": target, "manifest": manifest}


def remove(request: inputs.Request, directory: str = DIRECTORY, check_mode: bool = False) -> bool:
    """Have no image of this request; True if there was one."""
    if check_mode or find(request, directory)[2] is None:
        return find(request, directory)[2] is not None
    with _alone(directory):
        _key, target, manifest = find(request, directory)
        if manifest is not None:
            # first what makes it count
            os.unlink(os.path.join(target, "manifest.json"))
            shutil.rmtree(target)
        return manifest is not None


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """Change the cache alone; others wait."""
    try:
        # QEMU runs as its own user and has to pass
        os.makedirs(directory, mode=0o711, exist_ok=True)
        lock = open(os.path.join(directory, ".lock"), "w", encoding="utf-8")
    except PermissionError as denied:
        raise TwinError("%s cannot be written: run this as root (become)." % directory) from denied
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(request: inputs.Request, key: str, target: str, progress: Callable[[str], None], debs: str) -> dict[str, Any]:
    work = os.path.join(os.path.dirname(target), ".work")
    _clear(work)
    os.mkdir(work, 0o700)
    how, start = inputs.kind(request), time.monotonic()
    installed: list[str] = []
    unavailable: list[str] = []
    sources_lost: list[str] = []
    if how == "path":
        fetch.take_path(request["path"], request.get("checksum"), work)
    elif how == "url":
        fetch.take_url(request["url"], request["checksum"], work, progress)
    else:
        installed, unavailable, sources_lost = image_build.build(request, work, debs, progress)
    manifest = inputs.manifest(request, key, installed, unavailable, sources_lost)
    shutil.rmtree(target, ignore_errors=True)
    new = os.path.join(work, "image")
    os.mkdir(new)
    os.chmod(new, 0o711)
    for name in PARTS[how]:
        # libvirt gives the disk to QEMU's user; the kernel and the ramdisk are read by that user
        os.chmod(os.path.join(work, name), 0o644)
        os.replace(os.path.join(work, name), os.path.join(new, name))
    write_atomic(os.path.join(new, "manifest.json"), json.dumps(manifest, indent=1, sort_keys=True).encode("ascii"), 0o644)
    os.replace(new, target)
    _clear(work)
    progress("Base image made in %.0f s" % (time.monotonic() - start))
    return manifest


def _clear(work: str) -> None:
    """Remove a work directory; what packages left in it may be nested deeper than Python can follow."""
    check(["rm", "-rf", "--", work], "Removing %s" % work, timeout=CLEAR_SECONDS)


def _stamp(request: inputs.Request) -> list[int] | None:
    """What tells a local file from the one that was at its path before."""
    if inputs.kind(request) != "path":
        return None
    try:
        status = os.stat(request["path"])
    except OSError as wrong:
        raise TwinError("Base image %s cannot be read: %s." % (request["path"], wrong.strerror)) from wrong
    return [status.st_size, status.st_mtime_ns, status.st_ino]
