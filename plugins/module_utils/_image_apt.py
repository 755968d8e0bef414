# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's package sources offer: an apt with a root of its own, which neither the hypervisor's nor the host's apt knows of."""
from __future__ import annotations

import os

from ._errors import TwinError
from ._image_inputs import listings, resign, unmet
from ._run import last_words, run

UPDATE_SECONDS = 300
ROUNDS = 5  # of leaving out what cannot be installed; apt names all it sees in each
TRUSTED = "/etc/apt/trusted.gpg.d"
# Keys a distribution ships outside apt's own directory.
ARCHIVE_KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg")


class Apt:
    """Sources, keys and package lists of one build, below root."""

    def __init__(self, root, files, architectures):
        """files: {path: bytes} of the host's /etc/apt; architectures: native first."""
        self.root = root
        self.native = architectures[0]
        for path in ("/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial", "/etc/apt/sources.list.d", "/etc/apt/preferences.d", TRUSTED):
            os.makedirs(root + path)
        self._write("/var/lib/dpkg/status", b"")
        for path, content in files.items():
            if path in listings(files):
                text = resign(content.decode("utf-8", "surrogateescape"), files, root)
                content = text.encode("utf-8", "surrogateescape")
            self._write(path, content)
        self._trust_own_keys()
        self.listings = listings(files)
        self.options = ["-o", "Dir=%s" % root, "-o", "Dir::State::status=%s/var/lib/dpkg/status" % root, "-o", "APT::Architecture=%s" % self.native,
                        "-o", "APT::Install-Recommends=false", "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root"]
        for architecture in architectures:
            self.options += ["-o", "APT::Architectures::=%s" % architecture]

    def _write(self, path, content):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "wb") as stream:
            stream.write(content)

    def _trust_own_keys(self):
        """The hypervisor's keys beside the host's: those that came with a package are not among the host's files."""
        own = [os.path.join(TRUSTED, name) for name in (os.listdir(TRUSTED) if os.path.isdir(TRUSTED) else [])]
        for path in [*own, *ARCHIVE_KEYRINGS]:
            target = os.path.join(self.root + TRUSTED, os.path.basename(path))
            if os.path.isfile(path) and not os.path.exists(target):
                os.symlink(path, target)

    def _apt(self, *command, seconds=UPDATE_SECONDS):
        return run([command[0], *self.options, *command[1:]], timeout=seconds)

    def update(self):
        """Fetch the lists; returns the host's listings that could not be fetched, which are left out from then on."""
        if not self.listings:
            raise TwinError("The host has no apt sources, so no base image can be built from them: give one by path or url.")
        result = self._apt("apt-get", "update", "-q", "--error-on=any")
        if result.rc == 0:
            return []
        lost = [path for path in self.listings if self._apt("apt-get", "update", "-q", "--error-on=any", *self._only(path)).rc]
        if len(lost) == len(self.listings):
            raise TwinError("None of the host's package sources can be read from the hypervisor: %s." % last_words(result.err))
        for path in lost:
            os.unlink(self.root + path)
        self.listings = [path for path in self.listings if path not in lost]
        self._apt("apt-get", "update", "-q")
        return lost

    def _only(self, path):
        """Options under which one listing counts; apt takes a file of either form for its list of sources."""
        return ["-o", "Dir::Etc::sourcelist=%s" % self.root + path, "-o", "Dir::Etc::sourceparts=/dev/null"]

    def available(self):
        """Names that have a version to install; of foreign architectures as name:architecture."""
        found, name = set(), ""
        for line in self._apt("apt-cache", "dumpavail").out.decode("utf-8", "replace").splitlines():
            if line.startswith("Package: "):
                name = line[9:]
            elif line.startswith("Architecture: "):
                of = line[14:]
                found.add(name if of in (self.native, "all") else "%s:%s" % (name, of))
        return found

    def installable(self, needed, names):
        """(names that can be installed together with the needed ones, names left out because they cannot)."""
        names, left_out = list(names), []
        for _round in range(ROUNDS):
            result = self._apt("apt-get", "install", "-s", "-q", *needed, *names)
            if result.rc == 0:
                return names, left_out
            blamed = set(unmet(result.out.decode("utf-8", "replace") + result.err.decode("utf-8", "replace"))) & set(names)
            if not blamed:
                break
            left_out += sorted(blamed)
            names = [name for name in names if name not in blamed]
        result = self._apt("apt-get", "install", "-s", "-q", *needed)
        if result.rc:
            raise TwinError("The host's package sources lack what a twin needs to boot: %s." % last_words(result.err or result.out))
        return [], left_out + names
