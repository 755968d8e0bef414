# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prunes everything of the collection that grows on a hypervisor: each thing has a bound and a line in the status.

prune() runs at the end of a cycle that changed something. What is in use is never removed, nor what was used within SPARED: another cycle may be
about to use it.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import time
from typing import Any, Callable, Iterator, NamedTuple, TypedDict

from .._base import paths
from .._base.errors import Busy, TwinError
from .layout import host_key
from .records import Store

SPARED = 86400  # seconds
REVISIONS = 10_000  # of one host
CONTENTS = 4 << 30  # bytes of file contents, beyond which those that only older revisions name are removed
SWEPT_EVERY = 86400  # seconds between two looks through all contents, which read every delta
PACKAGES = 4 << 30
BUILD_PACKAGES = 2 << 30
APT_ROOTS = 4
IMAGES = 3
CONSOLE_LOG = 8 << 20
RUNTIMES = 3  # _transport/runtime.py removes older ones where it installs another


class Row(TypedDict):
    """One thing that grows: its number, its bytes on disk, and its bound in words."""

    name: str
    count: int
    bytes: int
    bound: str


class Place(NamedTuple):
    """Directories to prune, contents that must stay, and the current time."""

    store: Store
    cache: str
    images: set[str]  # digests of the images of existing twins
    now: float

    def below(self, *names: str) -> str:
        """A path below the store's directory."""
        return os.path.join(self.store.root, *names)


class Kind(NamedTuple):
    """One thing that grows. files: all its files, as paths or directories; prune: removes the part beyond the bound."""

    name: str
    bound: str
    files: Callable[[Place], list[str]]
    prune: Callable[[Place], None]


def rows(store: Store, cache: str = paths.CACHE) -> list[Row]:
    """A row for each thing that grows; nothing is written."""
    place = Place(store, cache, set(), time.time())
    found: list[Row] = []
    for kind in KINDS:
        files = kind.files(place)
        found.append({"name": kind.name, "count": len(files), "bytes": sum(map(_size, files)), "bound": kind.bound})
    revisions = [host.revision - store.history.oldest(host.name) + 1 for host in map(store.host, store.hosts()) if host]
    found[0]["count"] = sum(revisions)  # its files are one for all
    return found


def prune(store: Store, images: set[str], cache: str = paths.CACHE) -> list[str]:
    """Prune everything to its bound; images are the digests of the base images of existing twins. Returns a sentence for each failure."""
    place, failures = Place(store, cache, images, time.time()), []
    for kind in KINDS:
        try:
            kind.prune(place)
        except Busy:
            continue  # another cycle uses or prunes it
        except TwinError as error:
            failures.append(str(error))
        except OSError as error:
            failures.append("Removing old %s failed (%s): remove them by hand, or make room." % (kind.name, error))
    return failures


# Files and directories


def _size(path: str) -> int:
    """Bytes that a file, or everything below a directory, takes on disk."""
    with contextlib.suppress(FileNotFoundError):
        status = os.lstat(path)
        inside = os.listdir(path) if os.path.isdir(path) and not os.path.islink(path) else []
        return status.st_blocks * 512 + sum(_size(os.path.join(path, name)) for name in inside)
    return 0


def _entries(directory: str) -> list[str]:
    """Paths in a directory, without unfinished ones, whose names begin with a dot."""
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [os.path.join(directory, name) for name in names if not name.startswith(".")]


def _walk(directory: str) -> list[str]:
    return [os.path.join(above, name) for above, _directories, names in os.walk(directory) for name in names]


def _used(path: str) -> float:
    """Time of the last use: of a file, reading or writing; of a directory, writing, because this program reads it. 0 if it is gone."""
    with contextlib.suppress(FileNotFoundError):
        status = os.lstat(path)
        return status.st_mtime if stat.S_ISDIR(status.st_mode) else max(status.st_atime, status.st_mtime)
    return 0


def _drop_oldest(files: list[str], limit: int, before: float) -> None:
    """Remove the least recently used files until the rest take at most limit bytes."""
    total = sum(map(_size, files))
    for path in sorted(files, key=_used):
        if total <= limit or _used(path) >= before:
            return
        total -= _size(path)
        os.unlink(path)


def _drop_all_but(directories: list[str], newest: int, before: float) -> None:
    """Remove the least recently used directories until the given number is left."""
    for path in sorted(directories, key=_used)[: max(0, len(directories) - newest)]:
        if _used(path) < before:
            shutil.rmtree(path)


@contextlib.contextmanager
def _not_while_used(lock: str) -> Iterator[None]:
    """Hold the lock of the programs that use the files; raises Busy if one of them holds it."""
    if not os.path.exists(lock):
        yield
        return
    with open(lock, "a", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("Package files are being fetched.") from None
        yield


# What is kept of hosts


def _prune_revisions(place: Place) -> None:
    """Remove the oldest revisions up to one that is stored as a whole, so that the rest stays readable."""
    store = place.store
    for name in store.hosts():
        host, oldest = store.host(name), store.history.oldest(name)
        if host and host.revision - oldest >= REVISIONS:
            with store.lease(host_key(name), name):
                below = store.history.whole_before(name, host.revision - REVISIONS + 1)
                if below > oldest:
                    store.history.forget(name, below)


def _prune_contents(place: Place) -> None:
    """Remove contents that nothing names and, beyond the bound, those that only older revisions name."""
    store, before = place.store, place.now - SPARED
    if 0 <= place.now - store.blobs.swept() < SWEPT_EVERY:
        return
    current: set[str] = set().union(*(_digests(store.document(name)["scopes"]) for name in store.hosts()))
    store.blobs.sweep(current.union(*(_named(store, name) for name in store.hosts())), before)
    files = list(store.blobs.files())
    room = CONTENTS - sum(_size(each.path) for each in files if each.name in current)
    _drop_oldest([each.path for each in files if each.name not in current], room, before)


def _named(store: Store, host: str) -> set[str]:
    """Names of all contents in a host's revisions, including those before the oldest revision."""
    named: set[str] = set().union(*(_digests(delta["scopes"]) for delta in store.history.deltas(host)))
    with contextlib.suppress(TwinError):  # what it was built on is gone or damaged: then nobody can ask for those contents
        named |= _digests(store.history.state(host, store.history.oldest(host))["scopes"])
    return named


def _digests(scopes: dict[str, Any]) -> set[str]:
    items = (item for body in scopes.values() for item in body["items"].values())
    return {value for item in items for value in item.values() if isinstance(value, str) and len(value) == 64}


# What is kept to make twins


def _package_files(place: Place) -> list[str]:
    return [path for path in _walk(place.below(paths.PACKAGES)) if path.endswith(".deb") and not path.startswith(place.below(paths.APT_ROOTS) + "/")]


def _prune_packages(place: Place) -> None:
    with _not_while_used(place.below(paths.PACKAGES_LOCK)):
        _drop_oldest(_package_files(place), PACKAGES, place.now - SPARED)


def _prune_indexes(place: Place) -> None:
    with _not_while_used(place.below(paths.PACKAGES_LOCK)):
        _drop_all_but(_entries(place.below(paths.APT_ROOTS)), APT_ROOTS, place.now - SPARED)


def _prune_images(place: Place) -> None:
    unused = [path for path in _entries(place.below(paths.IMAGES)) if os.path.basename(path) not in place.images]
    _drop_all_but(unused, IMAGES, place.now - SPARED)


def _consoles(place: Place) -> list[str]:
    logs = (os.path.join(twin, paths.CONSOLE_LOG) for twin in _entries(place.below(paths.TWINS)))
    return [path for path in logs if os.path.exists(path)]


def _prune_consoles(place: Place) -> None:
    """Truncate console logs. QEMU continues to write at its old offset; the part before it takes no space."""
    for path in _consoles(place):
        if _size(path) > CONSOLE_LOG:
            os.truncate(path, 0)


def _built_of(place: Place) -> list[str]:
    return _walk(os.path.join(place.cache, paths.BUILD_PACKAGES))


def _nothing(_place: Place) -> None:
    """Prune nothing: the program that adds to it prunes it."""


KINDS = (
    Kind("revisions", "%d of each host" % REVISIONS, lambda place: [place.below(paths.STORE_FILE), place.below(paths.DOCUMENTS)], _prune_revisions),
    Kind("file contents", "those of revisions, %d GiB" % (CONTENTS >> 30), lambda place: [each.path for each in place.store.blobs.files()], _prune_contents),
    Kind("package files", "%d GiB" % (PACKAGES >> 30), _package_files, _prune_packages),
    Kind("package indexes", "%d sets of sources" % APT_ROOTS, lambda place: _entries(place.below(paths.APT_ROOTS)), _prune_indexes),
    Kind("image packages", "%d GiB" % (BUILD_PACKAGES >> 30), _built_of, lambda place: _drop_oldest(_built_of(place), BUILD_PACKAGES, place.now - SPARED)),
    Kind("base images", "%d beside those in use" % IMAGES, lambda place: _entries(place.below(paths.IMAGES)), _prune_images),
    Kind("console logs", "%d MiB of each twin" % (CONSOLE_LOG >> 20), _consoles, _prune_consoles),
    Kind("runtimes", "%d beside those in use" % RUNTIMES, lambda place: _entries(place.below(paths.RUNTIME)), _nothing),
)
