# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a base image from a local file or a URL, verifies it, and stores it as qcow2."""
from __future__ import annotations

import hashlib
import os
import struct
import urllib.error
import urllib.request
from typing import BinaryIO, Callable

from .._base.errors import TwinError
from .._base.run import check, run

BLOCK = 1 << 20
SECONDS = 60  # without a byte
CONVERT_SECONDS = 900
# First bytes of images that are not raw.
QCOW2 = b"QFI\xfb"
OTHERS = (b"KDMV", b"COWD", b"# Disk DescriptorFile", b"conectix", b"vhdxfile", b"QED\0", b"<<< ", b"LUKS", b"WithoutFreeSpace", b"WithouFreSpacExt")
# Of a qcow2 header: version, offset and length of the backing file's name, incompatible features.
_QCOW2 = struct.Struct(">4xIQI52xQ")
EXTERNAL_DATA = 1 << 2


def take_path(path: str, checksum: str | None, work: str) -> None:
    """Make disk.qcow2 in work from a local qcow2 or raw image."""
    if not os.path.isfile(path):
        raise TwinError("Base image %s is missing: give the path of a qcow2 or raw image on the hypervisor." % path)
    with open(path, "rb") as stream:
        if checksum:
            algorithm, _colon, wanted = checksum.partition(":")
            summed = hashlib.new(algorithm)
            for block in iter(lambda: stream.read(BLOCK), b""):
                summed.update(block)
            _compare(path, summed.hexdigest(), wanted)
        _convert(path, stream, work)


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
    with open(target, "rb") as downloaded:
        _convert(url, downloaded, work)
    os.unlink(target)


def _compare(name: str, have: str, wanted: str) -> None:
    if have != wanted:
        raise TwinError("The base image %s has the checksum %s, not %s: it is damaged or a different image." % (name, have, wanted))


def _convert(name: str, stream: BinaryIO, work: str) -> None:
    """Make disk.qcow2 of an open image. qemu-img never guesses its format, since some formats name other files, which it would open."""
    form = _format(name, stream)
    path = "/proc/%d/fd/%d" % (os.getpid(), stream.fileno())  # the file that was checked, whatever its path leads to now
    if form == "qcow2" and run(["qemu-img", "check", "-q", "-f", form, path], timeout=CONVERT_SECONDS).rc:
        raise TwinError("%s is a damaged or truncated disk image ('qemu-img check' tells more): get it again." % name)
    check(["qemu-img", "convert", "-f", form, "-O", "qcow2", path, os.path.join(work, "disk.qcow2")], "Converting %s" % name, timeout=CONVERT_SECONDS)


def _format(name: str, stream: BinaryIO) -> str:
    """qcow2 or raw, from the image's first bytes; an image that is of another format, or names another file, is refused."""
    stream.seek(0)
    head = stream.read(_QCOW2.size)
    if head.startswith(OTHERS):
        raise TwinError("%s is no qcow2 or raw disk image: give the path of one." % name)
    if not head.startswith(QCOW2):
        return "raw"
    version, backing, length, features = _QCOW2.unpack(head.ljust(_QCOW2.size, b"\0"))
    if backing or length or (version > 2 and features & EXTERNAL_DATA):
        raise TwinError("%s names another file for its data ('qemu-img info' tells which), and only whole images are taken: use 'qemu-img convert'." % name)
    return "qcow2"
