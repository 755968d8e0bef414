# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin's disk: qcow2 layers over a base image, in one directory, through qemu-img.

The files are the truth about who backs whom; snapshots are names that point at frozen layers (kept in the domain's metadata). A frozen layer
that no name points at and no other layer needs is waste: deleted if it has no child, merged with its child if it has one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import Any, Collection, Dict, Iterable, Optional

from .._base.errors import TwinError
from .._base.run import check, run

LAYER = re.compile(r"layer-(\d{4,})\.qcow2\Z")
FREE_FOR_LAYER = 256 << 20  # bytes; less would pause the guest at its next writes
MERGE_SECONDS = 3600

# {layer file name: name of the layer below it, or None over the base image}
Parents = Dict[str, Optional[str]]


def inspect(path: str) -> dict[str, Any]:
    """What qemu-img says of an image, also while a guest has it open; a file that is no image is a sentence."""
    result = run(["qemu-img", "info", "-U", "--output=json", path])
    if result.rc:
        raise TwinError("%s is not a readable disk image: %s" % (path, result.err.decode("utf-8", "replace").strip()))
    known: dict[str, Any] = json.loads(result.out)
    return known


def verify(path: str) -> None:
    """Check the structure of an image nothing has open; truncated or damaged ones are a sentence."""
    known = inspect(path)
    if known["format"] != "qcow2":
        raise TwinError("%s is not in qcow2 format: convert it with qemu-img convert -O qcow2." % path)
    result = run(["qemu-img", "check", "-U", "--output=json", path], timeout=600)
    sound = result.rc in (0, 3)  # 3: space leaked, nothing lost
    # Data cut off at the end counts as zeroes for qemu-img; only the image's own idea of its end tells.
    if not sound or json.loads(result.out)["image-end-offset"] >= os.stat(path).st_size + known["cluster-size"]:
        raise TwinError("Image %s is damaged or truncated: build or fetch it again." % path)


def require_space(directory: str, wanted: int = FREE_FOR_LAYER) -> None:
    """A sentence now instead of a guest that stops later."""
    free = shutil.disk_usage(directory).free
    if free < wanted:
        raise TwinError("%s has %d MiB free, a layer needs at least %d MiB: free some space." % (directory, free >> 20, wanted >> 20))


def create(path: str, backing: str, size: int | None = None) -> None:
    """A new empty layer over another one; size in GiB grows the disk, never shrinks it."""
    require_space(os.path.dirname(path))
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", path]
    if size and size << 30 > inspect(backing)["virtual-size"]:
        argv.append("%dG" % size)
    # qemu-img would make it readable for all, and a user who opens it then can read the twin's disk from then on.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        check(argv, "Creating the disk layer %s" % path)
    except TwinError:
        os.unlink(path)
        raise


def next_path(directory: str) -> str:
    """The path of the next layer; numbers only grow while their files exist."""
    numbers = [int(found.group(1)) for found in map(LAYER.match, _layers(directory)) if found]
    return os.path.join(directory, "layer-%04d.qcow2" % (max(numbers) + 1 if numbers else 0))


def parents(directory: str) -> Parents:
    """{layer file name: name of the layer below it, or None over the base image}."""
    names = _layers(directory)
    below = {name: os.path.basename(inspect(os.path.join(directory, name)).get("backing-filename", "")) for name in names}
    return {name: parent if parent in below else None for name, parent in below.items()}


def _layers(directory: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(directory) if LAYER.match(name))
    except PermissionError as denied:
        raise TwinError("The layers in %s belong to root: run this as root (become)." % directory) from denied
    except FileNotFoundError:
        return []


def untouched(path: str) -> bool:
    """Whether nothing was written to a layer since it was made."""
    extents = json.loads(check(["qemu-img", "map", "-U", "--output=json", path], "Reading the map of %s" % path))
    return not any(extent["depth"] == 0 and extent.get("present", True) for extent in extents)


def waste(below: Parents, named: Iterable[str], active: str) -> list[tuple[str, ...]]:
    """Pure: what to do, in order, so that only named, shared and active layers remain.

    below as from parents(); named: files with a name; active: the file written to.
    Each step is ("delete", file) or ("merge", file, child): the content of both stays, under one of the two.
    """
    below = dict(below)
    steps: list[tuple[str, ...]] = []
    while True:
        step = _next_waste(below, set(named) | {active})
        if step is None:
            return steps
        steps.append(step)
        gone = step[1]
        for name in [name for name in below if below[name] == gone]:
            below[name] = below[gone]
        del below[gone]


def _next_waste(below: Parents, kept: Collection[str]) -> tuple[str, ...] | None:
    for name in sorted(below):
        if name in kept:
            continue
        children = [child for child in sorted(below) if below[child] == name]
        if not children:
            return ("delete", name)
        if len(children) == 1:
            return ("merge", name, children[0])
    return None


def absorb(directory: str, name: str, child: str) -> None:
    """Merge a frozen layer into its only child, offline: the child keeps its file, the layer's file goes. Safe to repeat after a kill."""
    path = os.path.join(directory, name)
    backing = inspect(path)["full-backing-filename"]
    check(
        ["qemu-img", "rebase", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", os.path.join(directory, child)],
        "Merging layer %s into %s" % (name, child),
        timeout=MERGE_SECONDS,
    )
    os.unlink(path)
