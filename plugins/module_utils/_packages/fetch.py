# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves and downloads the package files of a plan from the host's repositories, on the hypervisor.

Every set of sources has an apt of its own under the package directory, which knows the host's repositories and keys and
nothing of this machine's packages. apt verifies what it fetches; a file that is here already costs no program start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from typing import Any, Iterable, Iterator, Mapping, TypedDict

from .._base.codec import digest
from .._base.errors import TwinError
from .._base.run import last_words
from .._base.run import run as _run
from . import aptroot
from .aptroot import Run, Source, Wanted

FRESH = 6 * 3600  # seconds that an index is good for
RECENT = 300  # seconds in which asking again for an unknown version makes no sense


class Fetched(TypedDict):
    """What became of the packages wanted, by "name:arch": paths of files; versions fetched instead of those that are gone; and why the others
    could not be fetched, as a sentence, or "" where no repository has one."""

    files: dict[str, str]
    gone: dict[str, str]
    unavailable: dict[str, str]


def fetch(
    wanted: Iterable[Wanted], machine: Mapping[str, Any], sources: Iterable[Source], directory: str, run: Run = _run,
) -> Fetched:
    """Package files for wanted; what cannot be had stops nothing else.

    machine is {"distribution": {"id", "version_id", "codename"}, "architecture"}; sources are the host's files of apt's
    configuration; directory is ours alone.
    """
    store = os.path.join(directory, "%(id)s-%(version_id)s" % machine["distribution"])
    os.makedirs(store, mode=0o700, exist_ok=True)
    files: dict[str, str] = {}
    missing: dict[str, Wanted] = {}
    answer: Fetched = {"files": files, "gone": {}, "unavailable": {}}
    for package in wanted:
        key = "%(name)s:%(arch)s" % package
        path = os.path.join(store, file_name(**package))
        if os.path.exists(path):
            os.utime(path)  # package files are removed by age
            files[key] = path
        else:
            missing[key] = package
    if missing:
        try:
            with _alone(directory):
                _obtain(_apt(directory, machine, sources, run), missing, store, answer)
        except TwinError as error:
            answer["unavailable"] = dict.fromkeys(missing, str(error))
    return answer


def file_name(name: str, arch: str, version: str) -> str:
    """The name apt gives a package file: an epoch's colon is written %3a."""
    return "%s_%s_%s.deb" % (name, version.replace(":", "%3a"), arch)


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """apt's own locks give up at once; two hosts of one hypervisor wait for each other here."""
    with open(os.path.join(directory, "lock"), "w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _apt(directory: str, machine: Mapping[str, Any], sources: Iterable[Source], run: Run) -> aptroot.Apt:
    """The apt for these sources; other sources are another one."""
    files = {source["path"]: source["content"] for source in sources}
    if not aptroot.listings(files):
        raise TwinError("The host has no package sources that could be read: its packages cannot be fetched.")
    parts = os.path.join(directory, "apt")
    os.makedirs(parts, mode=0o700, exist_ok=True)
    rows = sorted((path, digest(content)) for path, content in files.items())
    root = os.path.join(parts, digest([rows, machine["distribution"], machine["architecture"]])[:16])
    native = aptroot.ARCHITECTURES.get(machine["architecture"], machine["architecture"])
    # foreign packages are asked for by name
    return aptroot.Apt(root, files, [native, *(["i386"] if native == "amd64" else [])], run)


def _obtain(apt: aptroot.Apt, missing: dict[str, Wanted], store: str, answer: Fetched) -> None:
    known = _known(apt, missing)
    chosen: dict[str, Wanted] = {}
    answer["unavailable"] = dict.fromkeys(set(missing) - set(known), "")
    for key, package in missing.items():
        versions = known.get(key, [])
        if package["version"] in versions:
            chosen[key] = package
        elif versions:
            chosen[key] = {**package, "version": versions[0]}
    said = _download(apt, [package for package in chosen.values() if not _there(store, package)], store)
    for key, package in chosen.items():
        if _there(store, package):
            answer["files"][key] = os.path.join(store, file_name(**package))
            if package["version"] != missing[key]["version"]:
                answer["gone"][key] = package["version"]
        else:
            answer["unavailable"][key] = "%s %s could not be fetched: %s" % (key, package["version"], said or "apt gave no reason")


def _there(store: str, package: Wanted) -> bool:
    return os.path.exists(os.path.join(store, file_name(**package)))


def _known(apt: aptroot.Apt, missing: dict[str, Wanted]) -> dict[str, list[str]]:
    """{"name:arch": versions, newest first}, from an index that is as fresh as the question needs."""
    if time.time() - apt.updated() > FRESH:
        apt.update()
    known = apt.versions(missing)
    lacking = any(package["version"] not in known.get(key, ()) for key, package in missing.items())
    if lacking and time.time() - apt.updated() > RECENT:
        apt.update()
        known = apt.versions(missing)
    return known


def _download(apt: aptroot.Apt, packages: list[Wanted], store: str) -> str:
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
