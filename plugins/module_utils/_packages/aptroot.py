# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A separate apt directory with the repositories and keys of one host, no installed packages, and its own caches.

Neither this machine's apt nor the host's knows of it. Base images are built of what it offers, package files of twins come through it.
apt gets what listing.py leaves of the host's lists of repositories; the keys that they name are looked for below the directory.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from typing import Callable, Iterable, Mapping, NamedTuple

from .._base.codec import printable, write_atomic
from .._base.errors import TwinError
from .._base.run import Result, last_words
from .._base.run import run as _run
from .._scopes.checks import check_once
from .._scopes.grammars import PACKAGE, VERSION
from .._scopes.parts import PackageFile
from .aptfiles import configure, fill
from .listing import NO_MORE, Permits, read
from .sources import entries, listings

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el", "i686": "i386"}
STAMP = "updated"  # holds the complaints of the update
COMPLAINT = 200  # characters of one
COMPLAINTS = 10
UPDATE_SECONDS = 600
DOWNLOAD_SECONDS = 1800
ASK_SECONDS = 300
LISTED = 256 << 20  # bytes of what apt writes about all packages of a distribution: 60 MiB for a large one
ROUNDS = 5  # of leaving out what cannot be installed; apt names all it sees in each

Run = Callable[..., Result]
_ARCHIVE = re.compile(r"(?m)^'[^'\n]*' ([^\s_/]+)_([^\s_/]+)_([^\s_/]+)\.deb \d+ (?:SHA256:([0-9a-f]{64}))?")


class Archive(NamedTuple):
    """A package file that a repository offers, and its SHA-256 in hex."""

    package: PackageFile
    digest: str


def unmet(said: str) -> list[str]:
    """Names that apt's simulation could not install, from its words."""
    block = said.partition("The following packages have unmet dependencies:")[2]
    named = re.findall(r"(?m)^ (\S+) : ", block) + re.findall(r"(?m)^E: Unable to locate package (\S+)", said)
    return sorted(set(named) | set(re.findall(r"Package '?([^\s']+)'? has no installation candidate", said)))


# Errors, but the one that only says that there were some; and the warnings after which an older index is used.
_BLAME = re.compile(r"E: (?!Some index files failed)|W: (?:Failed to fetch|An error occurred during the signature verification|GPG error)")


def complaints(said: bytes, root: str) -> list[str]:
    """What apt could not read, from its words: one line each, with the paths of the host."""
    lines = said.decode("utf-8", "replace").replace(root + "/", "/").splitlines()
    errors = [line[3:] for line in lines if _BLAME.match(line)]
    return [printable(re.sub(r"\s+", " ", error).strip(), COMPLAINT) for error in errors[:COMPLAINTS]]


class Apt:
    """apt-get and apt-cache over one private root, which is made where it is missing."""

    def __init__(self, root: str, files: Mapping[str, bytes], architectures: list[str], allowed: Permits = NO_MORE, run: Run = _run) -> None:
        """files: {path: bytes} of the host's /etc/apt; architectures: native first."""
        self.root, self._run, self._native = root, run, architectures[0]
        files, self.refused = read(files, allowed)  # refused: a sentence for each entry that apt does not get
        self.listings = listings(files)
        self._configuration = os.path.join(root, "apt.conf")
        # written last: a root that a kill left half made has none
        if not os.path.exists(self._configuration):
            fill(root, files)
        configure(self._configuration, root, architectures, bool(allowed.directories))

    def _call(self, *argv: str, timeout: float = ASK_SECONDS, cwd: str | None = None) -> Result:
        return self._run(list(argv), env={"APT_CONFIG": self._configuration}, timeout=timeout, cwd=cwd, limit=LISTED)

    def age(self) -> float:
        """Seconds since the index was read; infinite if it never was, or at a time that is in the future."""
        stamp = os.path.join(self.root, STAMP)
        age = time.time() - os.stat(stamp).st_mtime if os.path.exists(stamp) else -1.0
        return age if age >= 0 else math.inf

    def update(self) -> bool:
        """Read the index anew; True if all of it came. A repository that cannot be read leaves its last index, if there is one."""
        # apt asks a server that is silent for each suite and waits each time; a later sync reads what is lacking
        result = self._call("apt-get", "update", "-q", "-o", "Acquire::Retries=0", timeout=UPDATE_SECONDS)
        unread = complaints(result.err, self.root) or ([last_words(result.err) or "apt gave no reason"] if result.rc else [])
        write_atomic(os.path.join(self.root, STAMP), json.dumps(unread).encode("ascii"))
        return not unread

    def unread(self) -> list[str]:
        """What could not be read at the last update, in apt's words."""
        with open(os.path.join(self.root, STAMP), encoding="ascii") as stream:
            told: list[str] = json.load(stream)
        return self.refused + told

    def leave_out_lost(self) -> list[str]:
        """Drop the entries of listings that cannot be read, at which others would fail; returns the listing's path and apt's words for each."""
        kept: list[str] = []
        lost: list[str] = []
        for path in self.listings:
            whole = not self._complaint(path)
            for entry in [path] if whole else self._divided(path):
                complaint = "" if whole else self._complaint(entry)
                if complaint:
                    lost.append("%s: %s" % (path, complaint))
                    os.unlink(self.root + entry)
                else:
                    kept.append(entry)
        if not kept:
            raise TwinError("None of the host's package sources can be read: %s" % "; ".join(self.refused + lost))
        self.listings = kept
        self.update()
        return lost

    def _complaint(self, path: str) -> str:
        """Why a listing cannot be read whole; empty if it can."""
        result = self._call("apt-get", "update", "-q", *self._only(path), timeout=UPDATE_SECONDS)
        return ("; ".join(complaints(result.err, self.root)) or "apt gave no reason") if result.rc else ""

    def _divided(self, path: str) -> list[str]:
        """Replace a listing by one for each of its entries; returns their paths."""
        with open(self.root + path, "rb") as stream:
            found = entries(path, stream.read())
        os.unlink(self.root + path)
        stem, form = os.path.splitext(os.path.basename(path))
        places = ["/etc/apt/sources.list.d/%s.entry-%d%s" % (stem, number, form) for number in range(len(found))]
        for place, content in zip(places, found):
            write_atomic(self.root + place, content, 0o644)
        return places

    def _only(self, path: str) -> list[str]:
        """Options under which one listing counts; apt takes a file of either form for its list of sources."""
        return ["-o", "Dir::Etc::sourcelist=%s" % self.root + path, "-o", "Dir::Etc::sourceparts=/dev/null"]

    def available(self) -> set[str]:
        """Names that have a version to install; of foreign architectures as name:architecture."""
        found, name = set(), ""
        for line in self._call("apt-cache", "dumpavail").out.decode("utf-8", "replace").splitlines():
            if line.startswith("Package: "):
                name = line[9:]
            elif line.startswith("Architecture: "):
                of = line[14:]
                found.add(name if of in (self._native, "all") else "%s:%s" % (name, of))
        return found

    def first_dependency(self, name: str) -> str:
        """The package that a metapackage names first."""
        said = self._call("apt-cache", "--no-all-versions", "show", name).out.decode("utf-8", "replace")
        found = re.search(r"(?m)^Depends: (%s)(?=[\s,|:(]|$)" % PACKAGE.pattern, said)
        if not found:
            raise TwinError("The host's package sources lack what a twin needs to boot: no dependency of %s is known." % name)
        return found.group(1)

    def installable(self, needed: list[str], names: Iterable[str]) -> tuple[list[str], list[str]]:
        """(names that can be installed together with the needed ones, names left out because they cannot)."""
        names = list(names)
        left_out: list[str] = []
        for _round in range(ROUNDS):
            result = self._call("apt-get", "install", "-s", "-q", "--", *needed, *names)
            if result.rc == 0:
                return names, left_out
            blamed = set(unmet(result.out.decode("utf-8", "replace") + result.err.decode("utf-8", "replace"))) & set(names)
            if not blamed:
                break
            left_out += sorted(blamed)
            names = [name for name in names if name not in blamed]
        result = self._call("apt-get", "install", "-s", "-q", "--", *needed)
        if result.rc:
            raise TwinError("The host's package sources lack what a twin needs to boot: %s." % last_words(result.err or result.out))
        return [], left_out + names

    def versions(self, packages: Iterable[str]) -> dict[str, list[str]]:
        """{"name:arch": versions, newest first} that the index has of packages ("name:arch": …)."""
        # a bare name is the native package alone
        names = sorted(key[:-4] if key.endswith(":all") else key for key in packages)
        found: dict[str, list[str]] = {}
        # rc says that some name is unknown, which the answer shows as well
        out = self._call("apt-cache", "--all-versions", "show", "--", *names).out.decode("utf-8", "replace")
        for stanza in out.split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture): (\S+)$", stanza, re.MULTILINE))
            if len(fields) == 3:
                versions = found.setdefault("%(Package)s:%(Architecture)s" % fields, [])
                # a version becomes part of a file's name, and an index may hold anything
                if fields["Version"] not in versions and check_once(VERSION)(fields["Version"]) is None:
                    versions.append(fields["Version"])
        return found

    def chosen(self, names: Iterable[str]) -> list[Archive]:
        """The package files that an empty machine needs for names and for what every machine has."""
        essential = "?and(?architecture(%s),?essential)" % self._native
        result = self._call("apt-get", "install", "--print-uris", "-y", "-qq", "-o", "Acquire::ForceHash=SHA256", "--", essential, *names)
        found = _ARCHIVE.findall(result.out.decode("utf-8", "replace"))
        unsummed = [name for name, _version, _arch, summed in found if not summed]
        if result.rc or unsummed:
            raise TwinError("The packages of a base image cannot be chosen: %s." % (last_words(result.err) or "%s has no SHA-256" % unsummed[0]))
        return [
            Archive({"name": name, "version": version.replace("%3a", ":"), "arch": arch, "have": ""}, summed) for name, version, arch, summed in found
        ]

    def stanzas(self, archives: Iterable[Archive]) -> str:
        """What the index says of packages."""
        names = [_asked(archive.package) for archive in archives]
        return self._call("apt-cache", "--no-all-versions", "show", "--", *names).out.decode("utf-8", "surrogateescape")

    def download(self, packages: Iterable[PackageFile], directory: str) -> Result:
        """Fetch packages into a directory; apt checks each against its signed index."""
        return self._call("apt-get", "download", "-q", "--", *map(_asked, packages), timeout=DOWNLOAD_SECONDS, cwd=directory)


def _asked(package: PackageFile) -> str:
    return "%s%s=%s" % (package["name"], "" if package["arch"] == "all" else ":" + package["arch"], package["version"])
