# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository on disk with the packages of one base image, so that they are installed without a network.

Package files are kept under their digests: one that another host's repository vouched for is taken only if this host's repositories name the same digest.
"""
from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from typing import Iterable

from .._base.codec import write_atomic
from .._base.errors import TwinError
from .._base.run import last_words
from .._packages.aptroot import Apt, Archive

BLOCK = 1 << 20
SOURCES = "deb [trusted=yes] copy:%s ./\n"
_PLACE = re.compile(r"(?m)^(?:Filename|Size|MD5sum|SHA1|SHA256|SHA512):.*\n")


def make(apt: Apt, names: Iterable[str], suite: str, kept: str, directory: str) -> None:
    """Have all packages that installing names takes in a repository at directory; kept holds package files from build to build."""
    archives = apt.chosen(names)
    os.makedirs(kept, mode=0o700, exist_ok=True)
    os.mkdir(directory)
    missing = [archive for archive in archives if not os.path.exists(_kept(kept, archive))]
    if missing:
        _fetch(apt, missing, kept, directory + ".incoming")
    for archive in archives:
        path = _kept(kept, archive)
        os.utime(path)  # package files are removed by age
        _link(path, os.path.join(directory, archive.digest + ".deb"))
    _index(apt.stanzas(archives), archives, suite, directory)


def _kept(kept: str, archive: Archive) -> str:
    return os.path.join(kept, archive.digest + ".deb")


def _fetch(apt: Apt, missing: list[Archive], kept: str, incoming: str) -> None:
    os.mkdir(incoming)
    said = last_words(apt.download([archive.package for archive in missing], incoming).err)
    arrived = {summed(path): path for path in (os.path.join(incoming, name) for name in os.listdir(incoming))}
    for archive in missing:
        if archive.digest not in arrived:
            raise TwinError("Fetching %(name)s %(version)s for the base image failed" % archive.package + (": %s" % said if said else "."))
        os.chmod(arrived[archive.digest], 0o644)
        new = _kept(kept, archive) + ".new"
        shutil.copyfile(arrived[archive.digest], new)
        os.chmod(new, 0o644)
        os.replace(new, _kept(kept, archive))
    shutil.rmtree(incoming)


def summed(path: str) -> str:
    """The SHA-256 of a file in hex; empty if it is no ordinary file."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return ""
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def _link(path: str, target: str) -> None:
    try:
        os.link(path, target)
    except OSError:  # another file system
        shutil.copyfile(path, target)
        os.chmod(target, 0o644)


def _index(stanzas: str, archives: Iterable[Archive], suite: str, directory: str) -> None:
    by_name = {(archive.package["name"], archive.package["version"], archive.package["arch"]): archive for archive in archives}
    found = []
    for stanza in stanzas.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture): (\S+)$", stanza, re.MULTILINE))
        archive = by_name.pop((fields.get("Package", ""), fields.get("Version", ""), fields.get("Architecture", "")), None)
        if archive:
            name = archive.digest + ".deb"
            size = os.stat(os.path.join(directory, name)).st_size
            found.append("%sFilename: ./%s\nSize: %d\nSHA256: %s\n" % (_PLACE.sub("", stanza.strip("\n") + "\n"), name, size, archive.digest))
    if by_name:
        raise TwinError("The host's package sources do not describe %s: run this again." % " ".join(min(by_name)))
    content = "\n".join(found).encode("utf-8", "surrogateescape")
    write_atomic(os.path.join(directory, "Packages"), content, 0o644)
    release = "Suite: %s\nCodename: %s\nSHA256:\n %s %d Packages\n" % (suite, suite, hashlib.sha256(content).hexdigest(), len(content))
    write_atomic(os.path.join(directory, "Release"), release.encode("ascii"), 0o644)
