# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of a base image: the request, its key, and the packages and sources of a build. Pure.

A request is {"path"} or {"url", "checksum"} or {"facts"}; facts are {"distribution": {"id", "version_id", "codename"}, "architecture",
"packages": items, "accounts": items, "sources": [{"path", "content": base64}]} of the host, "size" is the disk's in GiB, and "repository_directories" and
"unsigned_repositories" are what the user allows of the sources besides signed repositories by http and https.
"""
from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Any, Iterable, Mapping, TypedDict

from .._base.codec import digest
from .._base.errors import TwinError
from .._base.patterns import matches_any
from .._packages.aptroot import ARCHITECTURES
from .._packages.listing import permits
from .._scopes.accounts.policy import MACHINERY as MACHINERY_ACCOUNTS
from .._scopes.files.rules import APT_FILES
from .._scopes.model import Items
from .._scopes.packages.policy import MACHINERY as MACHINERY_PACKAGES
from .._scopes.packages.policy import SUBSTRATE as SUBSTRATE_PACKAGES
from .._twin.baseimage import CMDLINE
from . import tree

FORMAT = 1
RECIPE = 2  # of a build; images of another one are not used
SIZE = 20  # GiB, of which only what is written takes space
# Debian's cloud kernel would be smaller, but has no driver for a SATA CD-ROM, which is where a twin's seed is.
KERNELS = {"debian": {"amd64": "linux-image-amd64", "arm64": "linux-image-arm64"}, "ubuntu": {"amd64": "linux-image-generic", "arm64": "linux-image-generic"}}
# What a twin needs to boot, to be reached and to be read, if its host has not got it. All else is the host's: it may have chosen an alternative.
TWIN_PACKAGES = ("systemd-sysv", "udev", "qemu-guest-agent", "openssh-server", "python3", "apt")
# What writes the initial ramdisk where the host has nothing that does. The small one cannot unpack the modules of Ubuntu's kernels (zstd).
RAMDISK_BUILDERS = {"debian": "tiny-initramfs", "ubuntu": "initramfs-tools"}
# Drivers for what a twin does not use; under emulation each costs seconds of every boot, kvm_amd 40 of them.
UNUSED_DRIVERS = (
    "kvm_amd", "kvm_intel", "aesni_intel", "ghash_clmulni_intel", "sha512_ssse3", "iTCO_wdt", "parport_pc", "ppdev", "floppy", "pcspkr", "bochs", "i2c_i801",
    "lpc_ich", "psmouse",
)
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class Facts(TypedDict):
    """What of a host an image is built from."""

    distribution: dict[str, str]
    architecture: str
    packages: Items
    accounts: Items
    sources: list[dict[str, str]]


class Request(TypedDict, total=False):
    """Where an image comes from."""

    path: str
    url: str
    checksum: str
    facts: Facts
    size: int
    repository_directories: list[str]
    unsigned_repositories: list[str]


def kind(request: Request) -> str:
    """path, url or build; a request that is none or several of them is refused in a sentence."""
    given = [name for name in ("path", "url", "facts") if request.get(name)]
    given = [name for name in given if name != "facts"] or given
    if len(given) != 1:
        raise TwinError("A base image comes from exactly one of path, url or the host's facts; given: %s." % (", ".join(given) or "none"))
    checksum = request.get("checksum") or ""
    if (checksum or given == ["url"]) and not _CHECKSUM.fullmatch(checksum):
        raise TwinError("A base image from a url needs its checksum as sha256:HEX or sha512:HEX; given: %r." % checksum)
    if given == ["facts"]:
        _require_debian(request["facts"])
    return "build" if given == ["facts"] else given[0]


def _require_debian(facts: Facts) -> None:
    name = facts["distribution"].get("id") or "unknown"
    if name not in KERNELS:
        raise TwinError("Base images are built for Debian and Ubuntu; this host is %s: give the twin's image by path or by url and checksum." % name)
    if not facts["distribution"].get("codename"):
        raise TwinError("The host's release has no code name, so no base image can be built for it: give one by path or url.")
    if ARCHITECTURES.get(facts["architecture"]) not in KERNELS[name]:
        raise TwinError("No base image can be built for the architecture %s: give one by path or url." % facts["architecture"])


def key(request: Request, stamp: list[int] | None = None) -> str:
    """The digest of all inputs: the name under which the image is cached. stamp tells versions of a local file apart."""
    how = kind(request)
    size = request.get("size") or SIZE
    if how == "path":
        return digest([FORMAT, how, request["path"], request.get("checksum"), stamp])
    if how == "url":
        return digest([FORMAT, how, request["checksum"]])
    facts = request["facts"]
    marks = {name: [bool(item.get("automatic")), bool(item.get("held"))] for name, item in wanted(facts["packages"]).items()}
    return digest([
        FORMAT, RECIPE, how, size, facts["distribution"]["id"], facts["distribution"]["codename"], facts["architecture"], marks, accounts(facts["accounts"]),
        facts["sources"], permits(request), TWIN_PACKAGES, tree.files(ramdisk_builder(facts)), tree.LINKS, tree.MERGE, tree.FINISH, tree.TAKE_OUT,
    ])


def ramdisk_builder(facts: Facts) -> str:
    """The package that writes the initial ramdisk: the host's own, if the image can configure it."""
    own = {name.partition(":")[0] for name in facts["packages"]} & set(tree.RAMDISK)
    return min(own, default=RAMDISK_BUILDERS[facts["distribution"]["id"]])


def wanted(packages: Items) -> Items:
    """The host's packages that the image takes over; what a twin brings itself and what makes a hypervisor stay out."""
    return {
        name: item
        for name, item in packages.items()
        if item.get("status", "installed") == "installed" and not matches_any(SUBSTRATE_PACKAGES + MACHINERY_PACKAGES, name.partition(":")[0])
    }


def accounts(items: Items) -> Items:
    """The host's accounts that the image takes over: those of a hypervisor's packages stay out, as the packages do."""
    return {key: item for key, item in items.items() if not matches_any(MACHINERY_ACCOUNTS, key)}


def select(packages: Items, architecture: str, available: set[str]) -> tuple[dict[str, str], list[str]]:
    """({name to ask apt for: item key}, keys no source has). available: what the sources offer, as name (native or all) or name:architecture."""
    names, absent = {}, []
    for item in sorted(wanted(packages)):
        name, _colon, of = item.partition(":")
        asked = name if of in (architecture, "all", "") else item
        if asked in available:
            names[asked] = item
        else:
            absent.append(item)
    return names, absent


def architectures(packages: Items, native: str) -> list[str]:
    """The native architecture first, then the foreign ones that the host's packages have."""
    foreign = {name.partition(":")[2] for name in wanted(packages)} - {native, "all", ""}
    return [native, *sorted(foreign)]


def apt_files(sources: Iterable[Mapping[str, str]]) -> dict[str, bytes]:
    """{path: bytes} of the host's apt configuration; a path elsewhere, or content that is no base64, is refused."""
    found = {}
    for entry in sources:
        path = entry["path"]
        if os.path.normpath(path) != path or not path.startswith(APT_FILES):
            raise TwinError("%s is no file of apt's configuration: facts carry lists of repositories and their keys only." % path)
        try:
            found[path] = base64.b64decode(entry["content"], validate=True)
        except binascii.Error as wrong:
            raise TwinError("The content of %s is not base64: %s." % (path, wrong)) from wrong
    return found


def manifest(request: Request, digest_of_inputs: str, installed: Iterable[str], unavailable: Iterable[str], sources_left_out: Iterable[str]) -> dict[str, Any]:
    """What is told about an image beside it. installed: lines `name:architecture version`."""
    facts = request.get("facts")
    return {
        "format": FORMAT,
        "source": kind(request),
        "cmdline": "%s module_blacklist=%s" % (CMDLINE, ",".join(UNUSED_DRIVERS)),
        "digest": digest_of_inputs,
        "distribution": facts["distribution"] if facts else {},
        "packages": dict(line.split(" ", 1) for line in installed),
        "unavailable": sorted(unavailable),
        "sources_unavailable": sorted(sources_left_out),
    }
