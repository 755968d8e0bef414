# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds a base image from the host's package sources: a tree by mmdebstrap, a file system by mkfs.ext4, a disk by qemu-img."""
from __future__ import annotations

import glob
import gzip
import os
import shlex
import shutil
from typing import Callable, Mapping

from .._base.errors import TwinError
from .._base.run import check
from .._packages.aptroot import ARCHITECTURES, Apt
from . import inputs, tree

TREE_SECONDS = 1800
DISK_SECONDS = 600
NEEDED_MIB = 4096
TOOLS = {"mmdebstrap": "mmdebstrap", "mkfs.ext4": "e2fsprogs", "qemu-img": "qemu-utils", "apt-get": "apt", "setpriv": "util-linux"}
ARCHIVES = "/var/cache/apt/archives"


def build(request: inputs.Request, work: str, debs: str, progress: Callable[[str], None]) -> tuple[list[str], list[str], list[str]]:
    """Make disk.qcow2, vmlinuz and initrd.img in work; returns (installed lines, unavailable names, sources left out).

    debs is a directory of package files, kept from build to build.
    """
    _require(work)
    facts = request["facts"]
    native = ARCHITECTURES[facts["architecture"]]
    architectures = inputs.architectures(facts["packages"], native)
    files = inputs.apt_files(facts["sources"])
    apt = Apt(os.path.join(work, "apt"), files, architectures)
    if not apt.listings:
        raise TwinError("The host has no package sources, so no base image can be built from them: give one by path or url.")
    progress("Reading the host's package sources (usually 5 s)")
    # mmdebstrap ends at what cannot be fetched
    sources_lost = [] if apt.update() else apt.leave_out_lost()
    offered, absent = inputs.select(facts["packages"], native, apt.available())
    builder = inputs.ramdisk_builder(facts)
    # the kernel itself: its metapackage brings updates, which a twin does not take
    needed = [apt.first_dependency(inputs.KERNELS[facts["distribution"]["id"]][native]), builder, *inputs.TWIN_PACKAGES]
    names, broken = apt.installable(needed, list(offered))
    progress("Installing %d packages into a tree (usually 60 s)" % (len(names) + len(needed)))
    root = os.path.join(work, "tree")
    own = {path: text.encode("utf-8") for path, text in tree.files(builder).items()}
    _write_inputs(work, {**files, **own}, tree.lists(inputs.accounts(facts["accounts"]), facts["packages"], names))
    _tree(work, apt, facts, architectures, [*needed, *names], debs)
    installed = _installed(root)
    _take_kernel(root, work)
    progress("Writing the disk (usually 10 s)")
    _disk(root, work, request.get("size") or inputs.SIZE)
    return installed, absent + [offered[name] for name in broken], sources_lost


def _require(work: str) -> None:
    for program, package in TOOLS.items():
        if shutil.which(program) is None:
            raise TwinError("Building a base image needs %s: install the package %s on the hypervisor." % (program, package))
    free = shutil.disk_usage(work).free >> 20
    if free < NEEDED_MIB:
        raise TwinError("No space to build a base image in %s: %d MiB are free, %d are needed." % (os.path.dirname(work), free, NEEDED_MIB))


def _tree(work: str, apt: Apt, facts: inputs.Facts, architectures: list[str], names: list[str], debs: str) -> None:
    os.makedirs(debs, exist_ok=True)
    here, cache = shlex.quote(work), shlex.quote(debs)
    hooks = [
        ("setup", 'mkdir -p "$1"%s && find %s -name "*.deb" -exec cp --reflink=auto -t "$1"%s {} +' % (ARCHIVES, cache, ARCHIVES)),
        # before any package makes accounts of its own, so that they get the host's numbers
        ("essential", 'sh -eu %s/lists/merge "$1" %s/lists' % (here, here)),
        # before packages write an initial ramdisk, which is to be small
        ("essential", 'cp -a %s/overlay/etc/*initramfs* "$1"/etc' % here),
        ("customize", 'find "$1"%s -maxdepth 1 -name "*.deb" -exec cp -n --reflink=auto -t %s {} +' % (ARCHIVES, cache)),
        ("customize", 'sh -eu %s/lists/finish "$1" %s/lists' % (here, here)),
        ("customize", 'cp -a %s/overlay/. "$1"' % here),
    ]
    # nothing is left running when this process is killed
    command = ["setpriv", "--pdeathsig", "TERM", "mmdebstrap", "--mode=root", "--variant=essential", "--format=directory",
               "--skip=download/empty,essential/unlink", "--dpkgopt=force-unsafe-io", "--dpkgopt=force-confold",
               "--architectures=" + ",".join(architectures), "--keyring=" + apt.root + "/etc/apt/trusted.gpg.d", "--include=" + ",".join(names)]
    command += ["--%s-hook=%s" % hook for hook in hooks]
    command += [facts["distribution"]["codename"], os.path.join(work, "tree"), *[apt.root + path for path in apt.listings]]
    check(command, "Installing the host's packages into a tree for the base image", timeout=TREE_SECONDS, env={"TMPDIR": work})


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


def _installed(root: str) -> list[str]:
    lines = check(["dpkg-query", "--admindir=" + root + "/var/lib/dpkg", "-W", "-f", "${Package}:${Architecture} ${Version}\n"], "Reading what was installed")
    return sorted(lines.decode("utf-8").splitlines())


def _take_kernel(root: str, work: str) -> None:
    kernels = sorted(glob.glob(root + "/boot/vmlinuz-*"))
    if not kernels:
        raise TwinError("The base image's tree has no kernel in /boot: see what the package sources offer.")
    release = kernels[-1].rpartition("vmlinuz-")[2]
    shutil.copyfile(kernels[-1], os.path.join(work, "vmlinuz"))
    # an emulated guest would take longer to unpack it
    with gzip.open("%s/boot/initrd.img-%s" % (root, release)) as packed, open(os.path.join(work, "initrd.img"), "wb") as plain:
        shutil.copyfileobj(packed, plain)


def _disk(root: str, work: str, size: int) -> None:
    raw = os.path.join(work, "disk.raw")
    with open(raw, "wb") as stream:
        stream.truncate(size << 30)
    check(["mkfs.ext4", "-q", "-F", "-L", "twin", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", "-d", root, raw],
          "Writing the base image's file system", timeout=DISK_SECONDS)
    shutil.rmtree(root)
    check(["qemu-img", "convert", "-O", "qcow2", raw, os.path.join(work, "disk.qcow2")], "Converting the base image", timeout=DISK_SECONDS)
    os.unlink(raw)
