# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds a base image from the host's package sources: a tree by mmdebstrap, a file system by mkfs.ext4, a disk by qemu-img.

Whatever runs or reads what came with packages does so in a namespace; see there.
"""
from __future__ import annotations

import os
import re
import shutil
from typing import Callable, Mapping

from .._base.codec import printable
from .._base.errors import TwinError
from .._base.run import check, last_words, run
from .._packages.aptroot import ARCHITECTURES, Apt
from .._packages.listing import permits
from . import inputs, namespace, repository, tree

TREE_SECONDS = 1800
DISK_SECONDS = 600
NEEDED_MIB = 4096
TOOLS = {"mmdebstrap": "mmdebstrap", "mkfs.ext4": "e2fsprogs", "qemu-img": "qemu-utils", "apt-get": "apt"}
SAID = 600  # characters of what a program inside says
OUTPUT = ("disk.raw", "vmlinuz", "initrd.img", "installed")
MOST_INSTALLED = 4 << 20  # bytes of the list of installed packages
_INSTALLED = re.compile(r"[a-z0-9][a-z0-9+.-]*:[a-z0-9-]+ [A-Za-z0-9.+:~-]+")


def build(request: inputs.Request, work: str, debs: str, progress: Callable[[str], None]) -> tuple[list[str], list[str], list[str]]:
    """Make disk.qcow2, vmlinuz and initrd.img in work; returns (installed lines, unavailable names, sources left out).

    debs is a directory of package files, kept from build to build.
    """
    _require(work)
    facts = request["facts"]
    native = ARCHITECTURES[facts["architecture"]]
    architectures = inputs.architectures(facts["packages"], native)
    files = inputs.apt_files(facts["sources"])
    apt = Apt(os.path.join(work, "apt"), files, architectures, permits(request))
    if not apt.listings:
        why = " ".join(apt.refused) or "The host has none that could be read."
        raise TwinError("No base image can be built from the host's package sources: give one by path or url. %s" % why)
    progress("Reading the host's package sources (usually 5 s)")
    # mmdebstrap ends at what cannot be fetched
    sources_lost = [] if apt.update() else apt.leave_out_lost()
    offered, absent = inputs.select(facts["packages"], native, apt.available())
    builder = inputs.ramdisk_builder(facts)
    # the kernel itself: its metapackage brings updates, which a twin does not take
    needed = [apt.first_dependency(inputs.KERNELS[facts["distribution"]["id"]][native]), builder, *inputs.TWIN_PACKAGES]
    names, broken = apt.installable(needed, list(offered))
    progress("Installing %d packages into a tree (usually 60 s)" % (len(names) + len(needed)))
    repository.make(apt, [*needed, *names], facts["distribution"]["codename"], debs, os.path.join(work, "repository"))
    own = {path: text.encode("utf-8") for path, text in tree.files(builder).items()}
    _write_inputs(work, {**files, **own}, tree.lists(inputs.accounts(facts["accounts"]), facts["packages"], names))
    _tree(work, facts["distribution"]["codename"], architectures, [*needed, *names])
    progress("Writing the disk (usually 10 s)")
    installed = _take_out(work, request.get("size") or inputs.SIZE)
    return installed, absent + [offered[name] for name in broken], apt.refused + sources_lost


def _require(work: str) -> None:
    for program, package in TOOLS.items():
        if shutil.which(program) is None:
            raise TwinError("Building a base image needs %s: install the package %s on the hypervisor." % (program, package))
    free = shutil.disk_usage(work).free >> 20
    if free < NEEDED_MIB:
        raise TwinError("No space to build a base image in %s: %d MiB are free, %d are needed." % (os.path.dirname(work), free, NEEDED_MIB))


def _inside(work: str, places: Mapping[str, str], argv: list[str], doing: str, timeout: float) -> None:
    """Run a program that can neither see nor change anything of this machine but these places of the build, {path inside: path below work}."""
    root = os.path.join(work, "root")
    os.makedirs(root, exist_ok=True)
    result = run(namespace.command(root, {inside: os.path.join(work, path) for inside, path in places.items()}, argv), timeout=timeout)
    if result.rc:
        raise TwinError("%s failed: %s" % (doing, printable(last_words(result.err or result.out), SAID) or "exit status %d" % result.rc))


def _give(path: str) -> None:
    """Give a directory or file to the users of the namespace."""
    os.chown(path, namespace.FIRST, namespace.FIRST, follow_symlinks=False)


def _tree(work: str, codename: str, architectures: list[str], names: list[str]) -> None:
    """Install packages into a tree. Their scripts run here."""
    os.mkdir(os.path.join(work, "build"), 0o755)
    _give(os.path.join(work, "build"))
    hooks = [
        # before any package makes accounts of its own, so that they get the host's numbers
        ("essential", 'sh -eu /lists/merge "$1" /lists'),
        # before packages write an initial ramdisk, which is to be small
        ("essential", 'cp -a --no-preserve=ownership /overlay/etc/*initramfs* "$1"/etc'),
        ("customize", 'sh -eu /lists/finish "$1" /lists'),
        ("customize", 'cp -a --no-preserve=ownership /overlay/. "$1"'),
    ]
    command = ["mmdebstrap", "--mode=unshare", "--variant=essential", "--format=directory", "--skip=chroot/mount/sys",
               "--dpkgopt=force-unsafe-io", "--dpkgopt=force-confold", "--architectures=" + ",".join(architectures), "--include=" + ",".join(names)]
    command += ["--%s-hook=%s" % hook for hook in hooks]
    command += ["--", codename, "/build/tree", repository.SOURCES.strip() % "/repository"]
    places = {"/build": "build", "/lists": "lists", "/overlay": "overlay", "/repository": "repository"}
    _inside(work, places, command, "Installing the host's packages into a tree for the base image", TREE_SECONDS)


def _write_inputs(work: str, files: Mapping[str, bytes], lists: Mapping[str, list[str]]) -> None:
    """What the hooks of the build copy from and read."""
    overlay = os.path.join(work, "overlay")
    for path, content in files.items():
        _write(overlay + path, content)
    for path, target in tree.LINKS.items():
        os.makedirs(os.path.dirname(overlay + path), exist_ok=True)
        os.symlink(target, overlay + path)
    for name, text in [("merge", tree.MERGE), ("finish", tree.FINISH), *((name, "".join(line + "\n" for line in lines)) for name, lines in lists.items())]:
        _write(os.path.join(work, "lists", name), text.encode("utf-8", "surrogateescape"))


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)


def _take_out(work: str, size: int) -> list[str]:
    """Make disk.qcow2, vmlinuz and initrd.img of the tree; returns (installed lines).

    The tree may hold links to anywhere, so it is read in a namespace of its own, in which no program of its packages runs any more.
    """
    output = os.path.join(work, "output")
    os.mkdir(output)
    # what is written into is made here: nothing inside can put a link in its place
    for name in OUTPUT:
        with open(os.path.join(output, name), "wb") as stream:
            stream.truncate(size << 30 if name == "disk.raw" else 0)
        _give(stream.name)
    _inside(work, {"/build": "build", "/output": "output"}, ["sh", "-euc", tree.TAKE_OUT], "Reading the base image's tree", DISK_SECONDS)
    for name in OUTPUT:
        os.chown(os.path.join(output, name), 0, 0)
    for name in ("vmlinuz", "initrd.img"):
        os.replace(os.path.join(output, name), os.path.join(work, name))
    check(["rm", "-rf", "--", os.path.join(work, "build")], "Removing the base image's tree", timeout=DISK_SECONDS)
    raw = os.path.join(output, "disk.raw")
    check(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, os.path.join(work, "disk.qcow2")], "Converting the base image", timeout=DISK_SECONDS)
    os.unlink(raw)
    with open(os.path.join(output, "installed"), "rb") as listed:
        return sorted(filter(_INSTALLED.fullmatch, listed.read(MOST_INSTALLED).decode("utf-8", "replace").split("\n")))
