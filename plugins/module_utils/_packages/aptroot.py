# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A separate apt directory with the repositories and keys of one host, no installed packages, and its own caches.

Neither this machine's apt nor the host's knows of it. Base images are built of what it offers, package files of twins come through it.
"""

from __future__ import annotations

import os
import re
import time
from typing import Callable, Iterable, Mapping, Match, TypedDict

from .._base.codec import raw, text, write_atomic
from .._base.errors import TwinError
from .._base.run import Result, last_words
from .._base.run import run as _run

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el", "i686": "i386"}
TRUSTED = "/etc/apt/trusted.gpg.d"
# Keys a distribution ships outside apt's own directory.
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg")
STAMP = "updated"
UPDATE_SECONDS = 600
DOWNLOAD_SECONDS = 1800
ASK_SECONDS = 300
ROUNDS = 5  # of leaving out what cannot be installed; apt names all it sees in each

# Names of this machine's apt settings are not read at all: their hooks are for its own packages.
_CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "{root}/none";
Dir::Etc::sourcelist "{root}/etc/apt/sources.list";
Dir::Etc::sourceparts "{root}/etc/apt/sources.list.d";
Dir::Etc::trusted "{root}/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "{root}/etc/apt/trusted.gpg.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{root}/none";
Dir::Etc::netrc "/dev/null";
Dir::Etc::netrcparts "{root}/none";
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::State::extended_states "{root}/state/extended_states";
Dir::Cache "{root}/cache";
Dir::Log "{root}/log";
APT::Architecture "{native}";
APT::Architectures {{ {architectures} }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""

Run = Callable[..., Result]


class Source(TypedDict):
    """A file of the host's configuration of apt."""

    path: str
    content: bytes


class Wanted(TypedDict):
    """A package file, by what apt calls it."""

    name: str
    arch: str
    version: str


def listings(files: Mapping[str, bytes]) -> list[str]:
    """The paths of files ({path: bytes}) that list sources of packages, in order."""
    parts = "/etc/apt/sources.list.d/"
    lists = [path for path in files if path == "/etc/apt/sources.list" or (path.startswith(parts) and path.endswith((".list", ".sources")))]
    return sorted(path for path in lists if re.search(rb"(?m)^\s*(deb\s|Types:(.*\s)?deb(\s|$))", files[path]))


def resigned(content: str, files: Mapping[str, bytes], root: str) -> str:
    """A listing with every key in Signed-By that the host itself carries pointed at its copy below root; others are looked for among this machine's."""

    def place(found: Match[str]) -> str:
        return found.group(1) + re.sub(r"/[^\s,]+", lambda path: (root if path.group() in files else "") + path.group(), found.group(2))

    return re.sub(r"(?i)(\bsigned-by\s*[:=]\s*)([^\]\n]+)", place, content)


def unmet(said: str) -> list[str]:
    """Names that apt's simulation could not install, from its words."""
    block = said.partition("The following packages have unmet dependencies:")[2]
    named = re.findall(r"(?m)^ (\S+) : ", block) + re.findall(r"(?m)^E: Unable to locate package (\S+)", said)
    return sorted(set(named) | set(re.findall(r"Package '?([^\s']+)'? has no installation candidate", said)))


def _fill(root: str, files: Mapping[str, bytes]) -> None:
    for part in ("etc/apt/sources.list.d", "etc/apt/trusted.gpg.d", "state/lists/partial", "cache/archives/partial", "log", "none"):
        os.makedirs(os.path.join(root, part), exist_ok=True)
    write_atomic(os.path.join(root, "state/status"), b"")
    for name, content in files.items():
        path = root + os.path.normpath(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if path.endswith((".list", ".sources")):
            content = raw(resigned(text(content), files, root))
        # whoever builds of these sources has apt read them as a user of its own
        write_atomic(path, content, 0o644)
    _trust_own_keys(root + TRUSTED)


def _trust_own_keys(trusted: str) -> None:
    """This machine's keys beside the host's: those that came with a package are not among the host's files."""
    own = [os.path.join(TRUSTED, name) for name in (os.listdir(TRUSTED) if os.path.isdir(TRUSTED) else [])]
    for path in [*own, *KEYRINGS]:
        target = os.path.join(trusted, os.path.basename(path))
        if os.path.isfile(path) and not os.path.lexists(target):
            os.symlink(path, target)


class Apt:
    """apt-get and apt-cache over one private root, which is made where it is missing."""

    def __init__(self, root: str, files: Mapping[str, bytes], architectures: list[str], run: Run = _run) -> None:
        """files: {path: bytes} of the host's /etc/apt; architectures: native first."""
        self.root, self._run, self._native = root, run, architectures[0]
        self.listings = listings(files)
        self._configuration = os.path.join(root, "apt.conf")
        # written last: a root that a kill left half made has none
        if not os.path.exists(self._configuration):
            _fill(root, files)
        self._configure(architectures)

    def _configure(self, architectures: list[str]) -> None:
        content = _CONFIGURATION.format(root=self.root, native=self._native, architectures=" ".join('"%s";' % name for name in architectures))
        write_atomic(self._configuration, content.encode("utf-8"))

    def _call(self, *argv: str, timeout: float = ASK_SECONDS, cwd: str | None = None) -> Result:
        return self._run(list(argv), env={"APT_CONFIG": self._configuration}, timeout=timeout, cwd=cwd)

    def updated(self) -> float:
        """When the index was read last, in seconds since the epoch; 0 if never."""
        stamp = os.path.join(self.root, STAMP)
        return os.stat(stamp).st_mtime if os.path.exists(stamp) else 0

    def update(self) -> bool:
        """Read the index anew; True if all of it came. A repository that does not answer leaves its last index; all of them silent is an error."""
        result = self._call("apt-get", "update", "-q", timeout=UPDATE_SECONDS)
        if not self._has_lists():
            raise TwinError("No repository of the host answers: %s" % last_words(result.err))
        write_atomic(os.path.join(self.root, STAMP), b"%d\n" % int(time.time()))
        return result.rc == 0

    def _has_lists(self) -> bool:
        return any(name.endswith("_Packages") or "_Packages." in name for name in os.listdir(os.path.join(self.root, "state/lists")))

    def leave_out_lost(self) -> list[str]:
        """Drop the listings that cannot be fetched whole, which others would fail at; returns them."""
        results = {path: self._call("apt-get", "update", "-q", *self._only(path), timeout=UPDATE_SECONDS) for path in self.listings}
        lost = [path for path, result in results.items() if result.rc]
        if lost == self.listings:
            raise TwinError("None of the host's package sources can be read whole: %s" % last_words(results[lost[-1]].err))
        for path in lost:
            os.unlink(self.root + path)
        self.listings = [path for path in self.listings if path not in lost]
        self.update()
        return lost

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
        found = re.search(r"(?m)^Depends: ([^\s,|]+)", said)
        if not found:
            raise TwinError("The host's package sources lack what a twin needs to boot: no dependency of %s is known." % name)
        return found.group(1)

    def installable(self, needed: list[str], names: Iterable[str]) -> tuple[list[str], list[str]]:
        """(names that can be installed together with the needed ones, names left out because they cannot)."""
        names = list(names)
        left_out: list[str] = []
        for _round in range(ROUNDS):
            result = self._call("apt-get", "install", "-s", "-q", *needed, *names)
            if result.rc == 0:
                return names, left_out
            blamed = set(unmet(result.out.decode("utf-8", "replace") + result.err.decode("utf-8", "replace"))) & set(names)
            if not blamed:
                break
            left_out += sorted(blamed)
            names = [name for name in names if name not in blamed]
        result = self._call("apt-get", "install", "-s", "-q", *needed)
        if result.rc:
            raise TwinError("The host's package sources lack what a twin needs to boot: %s." % last_words(result.err or result.out))
        return [], left_out + names

    def versions(self, packages: Iterable[str]) -> dict[str, list[str]]:
        """{"name:arch": versions, newest first} that the index has of packages ("name:arch": …)."""
        # a bare name is the native package alone
        names = sorted(key[:-4] if key.endswith(":all") else key for key in packages)
        found: dict[str, list[str]] = {}
        # rc says that some name is unknown, which the answer shows as well
        out = self._call("apt-cache", "--all-versions", "show", *names).out.decode("utf-8", "replace")
        for stanza in out.split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture): (\S+)$", stanza, re.MULTILINE))
            if len(fields) == 3:
                versions = found.setdefault("%(Package)s:%(Architecture)s" % fields, [])
                if fields["Version"] not in versions:
                    versions.append(fields["Version"])
        return found

    def download(self, packages: Iterable[Wanted], directory: str) -> Result:
        """Fetch packages into a directory; apt checks each against its signed index."""
        names = ["%s%s=%s" % (one["name"], "" if one["arch"] == "all" else ":" + one["arch"], one["version"]) for one in packages]
        return self._call("apt-get", "download", "-q", *names, timeout=DOWNLOAD_SECONDS, cwd=directory)
