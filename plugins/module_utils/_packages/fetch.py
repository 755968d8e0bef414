# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves and downloads the package files of a plan from the host's repositories, on the hypervisor.

Every set of sources has an apt and a store of package files of its own under the package directory: hosts share files only if they trust the same
repositories. apt verifies what it fetches; a file that is here already costs no program start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from typing import Any, Iterable, Iterator, Mapping, Sequence, TypedDict

from .._base.codec import digest, printable
from .._base.errors import TwinError
from .._base.run import last_words
from .._base.run import run as _run
from .._scopes.parts import PackageFile
from . import aptroot
from .aptroot import Run
from .listing import NO_MORE, Permits
from .sources import Source

FORMAT = 2  # of an apt directory
FRESH = 6 * 3600  # seconds that an index is good for
RECENT = 300  # seconds in which asking again for an unknown version makes no sense
RECENT_UNREAD = 30  # the same where a repository could not be read, which may answer by now
SHOWN = 2  # complaints in a reason


class Fetched(TypedDict):
    """What became of the packages wanted, by "name:arch": the paths of files, and the reasons why the wanted version is not among them."""

    files: dict[str, str]
    reasons: dict[str, str]


def fetch(
    wanted: Iterable[PackageFile], machine: Mapping[str, Any], sources: Iterable[Source], unread: Sequence[str], directory: str, allowed: Permits = NO_MORE,
    run: Run = _run,
) -> Fetched:
    """Package files for wanted; what cannot be had stops nothing else.

    machine is {"distribution": {"id", "version_id", "codename"}, "architecture"}; sources are the host's files of apt's
    configuration, unread a sentence for each that is not there; directory is ours alone.
    """
    files = {source["path"]: source["content"] for source in sources}
    store = os.path.join(directory, "%(id)s-%(version_id)s" % machine["distribution"], _identity(files, allowed))
    for part in (directory, os.path.dirname(store), store):
        os.makedirs(part, mode=0o700, exist_ok=True)
    missing: dict[str, PackageFile] = {}
    answer: Fetched = {"files": {}, "reasons": {}}
    for package in wanted:
        key = "%(name)s:%(arch)s" % package
        path = _place(store, package)
        if os.path.exists(path):
            os.utime(path)  # package files are removed by age
            answer["files"][key] = path
        else:
            missing[key] = package
    if missing:
        try:
            with _alone(directory):
                apt = _apt(directory, machine, files, allowed, {package["arch"] for package in missing.values()}, run)
                _obtain(apt, missing, unread, store, answer)
        except TwinError as error:
            answer["reasons"] = dict.fromkeys(missing, "package_not_fetched: %s" % error)
        except OSError as error:  # a full disk, or a name among the host's sources that no file can have
            answer["reasons"] = dict.fromkeys(missing, "package_not_fetched: %s" % printable(str(error), aptroot.COMPLAINT))
    return answer


def _identity(files: Mapping[str, bytes], allowed: Permits) -> str:
    """The name of a set of sources, as it is read."""
    return digest([FORMAT, allowed, sorted((path, digest(content)) for path, content in files.items())])[:16]


def file_name(name: str, arch: str, version: str) -> str:
    """The name apt gives a package file: an epoch's colon is written %3a."""
    return "%s_%s_%s.deb" % (name, version.replace(":", "%3a"), arch)


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """apt's own locks give up at once; two hosts of one hypervisor wait for each other here."""
    with open(os.path.join(directory, "lock"), "w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _apt(directory: str, machine: Mapping[str, Any], files: Mapping[str, bytes], allowed: Permits, asked: set[str], run: Run) -> aptroot.Apt:
    """The apt for these sources and architectures; others are another one."""
    native = aptroot.ARCHITECTURES.get(machine["architecture"], machine["architecture"])
    # an index that nobody asked for and that cannot be read would cast doubt on every answer
    architectures = [native, *sorted(asked - {native, "all"})]
    parts = os.path.join(directory, "apt")
    os.makedirs(parts, mode=0o700, exist_ok=True)
    root = os.path.join(parts, digest([_identity(files, allowed), machine["distribution"], architectures])[:16])
    apt = aptroot.Apt(root, files, architectures, allowed, run)
    if not apt.listings and not apt.refused:
        raise TwinError("The host has no package sources that could be read: its packages cannot be fetched.")
    return apt


def _obtain(apt: aptroot.Apt, missing: dict[str, PackageFile], unread: Sequence[str], store: str, answer: Fetched) -> None:
    known = _known(apt, missing)
    untold = [*unread, *apt.unread()]
    chosen: dict[str, PackageFile] = {}
    for key, package in missing.items():
        versions = known.get(key, [])
        if package["version"] in versions:
            chosen[key] = package
            continue
        # a version that is here is not exchanged for another wrong one while an index may still have the right one
        nearest = _nearest(package, versions) if not (untold and package["have"]) else None
        if nearest:
            chosen[key] = {**package, "version": nearest}
        answer["reasons"][key] = _absence(versions, nearest, untold)
    said = _download(apt, [package for package in chosen.values() if not os.path.exists(_place(store, package))], store)
    for key, package in chosen.items():
        path = _place(store, package)
        if os.path.exists(path):
            answer["files"][key] = path
        else:
            why = "%s %s: %s" % (key, package["version"], said or "apt gave no reason")
            answer["reasons"].setdefault(key, "package_not_fetched: %s" % printable(why, aptroot.COMPLAINT))


def _absence(versions: list[str], nearest: str | None, untold: list[str]) -> str:
    """Why the wanted version is in no index: that it is gone can be said only if every index was read."""
    if untold:
        return "repository_unreadable: %s" % "; ".join(untold[:SHOWN])
    if not versions:
        return "package_unavailable"
    return "package_version_gone: %s" % ("%s is the nearest" % nearest if nearest else "there are only older ones")


def _nearest(package: PackageFile, versions: list[str]) -> str | None:
    """The version of versions (newest first) that stands in for the wanted one: of the same upstream release where there is one, and of those
    the next newer one, else the newest. One that is older than what the twin has is none."""
    same = [version for version in versions if _upstream(version) == _upstream(package["version"])]
    newer = [version for version in same or versions if _is_newer(version, package["version"])]
    nearest = newer[-1:] or (same or versions)[:1]
    return nearest[0] if nearest and (newer or not package["have"] or _is_newer(nearest[0], package["have"])) else None


def _upstream(version: str) -> str:
    return version.rpartition("-")[0] or version


def _is_newer(version: str, other: str) -> bool:
    return _run(["dpkg", "--compare-versions", "--", version, "gt", other]).rc == 0


def _place(store: str, package: PackageFile) -> str:
    return os.path.join(store, file_name(package["name"], package["arch"], package["version"]))


def _known(apt: aptroot.Apt, missing: dict[str, PackageFile]) -> dict[str, list[str]]:
    """{"name:arch": versions, newest first}, from an index that is as fresh as the question needs."""
    if apt.age() > FRESH:
        apt.update()
    known = apt.versions(missing)
    lacking = any(package["version"] not in known.get(key, ()) for key, package in missing.items())
    if lacking and apt.age() > (RECENT_UNREAD if apt.unread() else RECENT):
        apt.update()
        known = apt.versions(missing)
    return known


def _download(apt: aptroot.Apt, packages: list[PackageFile], store: str) -> str:
    """Fetch packages aside and move what arrived whole into the store; returns what apt complained of."""
    if not packages:
        return ""
    aside = tempfile.mkdtemp(dir=store, prefix=".new-")
    try:
        result = apt.download(packages, aside)
        # what apt found to be wrong is there as well, under another name
        for name in (name for name in os.listdir(aside) if name.endswith(".deb")):
            os.chmod(os.path.join(aside, name), 0o600)
            os.rename(os.path.join(aside, name), os.path.join(store, name))
    finally:
        shutil.rmtree(aside)
    return last_words(result.err)
