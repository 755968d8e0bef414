# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a base image from a local file or a URL, verifies it, and stores it as qcow2."""
from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.request
from typing import Callable

from .._base.errors import TwinError
from .._base.run import check, run

BLOCK = 1 << 20
SECONDS = 60  # without a byte
CONVERT_SECONDS = 900
FORMATS = ("qcow2", "raw")


def take_path(path: str, checksum: str | None, work: str) -> None:
    """Make disk.qcow2 in work from a local qcow2 or raw image."""
    if not os.path.isfile(path):
        raise TwinError("Base image %s is missing: give the path of a qcow2 or raw image on the hypervisor." % path)
    if checksum:
        algorithm, _colon, wanted = checksum.partition(":")
        summed = hashlib.new(algorithm)
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(BLOCK), b""):
                summed.update(block)
        _compare(path, summed.hexdigest(), wanted)
    _convert(path, work)


def take_url(url: str, checksum: str, work: str, progress: Callable[[str], None]) -> None:
    """Make disk.qcow2 in work from a download."""
    algorithm, _colon, wanted = checksum.partition(":")
    target = os.path.join(work, "download")
    summed, got = hashlib.new(algorithm), 0
    try:
        with urllib.request.build_opener().open(url, timeout=SECONDS) as reply, open(target, "wb") as stream:
            length = int(reply.headers.get("Content-Length") or 0)
            progress("Downloading %s (%d MiB)" % (url, length >> 20))
            for block in iter(lambda: reply.read(BLOCK), b""):
                stream.write(block)
                summed.update(block)
                got += len(block)
    except (urllib.error.URLError, OSError, ValueError) as wrong:
        raise TwinError("Downloading the base image %s failed: %s." % (url, wrong)) from wrong
    if got < length:
        raise TwinError("The base image %s arrived truncated, %d of %d bytes: run this again." % (url, got, length))
    _compare(url, summed.hexdigest(), wanted)
    _convert(target, work)
    os.unlink(target)


def _compare(name: str, have: str, wanted: str) -> None:
    if have != wanted:
        raise TwinError("The base image %s has the checksum %s, not %s: it is damaged or a different image." % (name, have, wanted))


def _convert(path: str, work: str) -> None:
    told = run(["qemu-img", "info", "--output=json", path], timeout=60)
    form = json.loads(told.out).get("format") if told.rc == 0 else None
    if form not in FORMATS:
        raise TwinError("%s is no qcow2 or raw disk image: give the path of one." % path)
    if form == "qcow2" and run(["qemu-img", "check", "-q", path], timeout=CONVERT_SECONDS).rc:
        raise TwinError("%s is a damaged or truncated disk image ('qemu-img check' tells more): get it again." % path)
    check(["qemu-img", "convert", "-f", form, "-O", "qcow2", path, os.path.join(work, "disk.qcow2")], "Converting %s" % path, timeout=CONVERT_SECONDS)
