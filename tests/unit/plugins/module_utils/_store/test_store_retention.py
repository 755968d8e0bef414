# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that everything that grows is pruned to its bound, and that files in use stay."""
from __future__ import annotations

import fcntl
import os
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import state_digest
from ansible_collections.safetytwin.twin.plugins.module_utils._store import history, retention

OLD = time.time() - 7 * 86400
BLOCK = b"x" * 4096


@pytest.fixture(name="lib")
def fixture_lib(tmp_path):
    return tmp_path / "lib"


@pytest.fixture(name="prune")
def fixture_prune(store, tmp_path):
    return lambda *images: retention.prune(store, set(images), str(tmp_path / "cache"))


@pytest.fixture(name="rows")
def fixture_rows(store, tmp_path):
    return lambda: {row["name"]: row for row in retention.rows(store, str(tmp_path / "cache"))}


def file(path, content=BLOCK, when=OLD):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
    return path


def take(store, *texts, name="web1"):
    """The host's files /etc/0, /etc/1 … have these contents, which the store has."""
    items = {}
    for number, text in enumerate(texts):
        store.blobs.put(digest(text), text)
        os.utime(store.blobs.path(digest(text)), (OLD, OLD))
        items["/etc/%d" % number] = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 1, "digest": digest(text)}
    scopes = {"files": {"status": "ok", "note": "", "items": items, "excluded": {}}}
    document, host = {"format": 1, "machine": {"machine_id": "m1"}, "scopes": scopes}, store.host(name)
    return store.take(name, document, state_digest(scopes), host, store.document(name)["scopes"] if host else {})


def kept(store, *texts):
    return [text for text in texts if store.blobs.get(digest(text)) == text]


def test_every_kind_has_a_row_and_counting_writes_nothing(store, rows, lib):
    take(store, b"a")
    before = {path: path.stat().st_mtime_ns for path in lib.rglob("*")}
    found = rows()
    assert list(found) == [kind.name for kind in retention.KINDS]
    assert (found["revisions"]["count"], found["file contents"]["count"], found["file contents"]["bytes"]) == (1, 1, 4096)
    assert found["revisions"]["bytes"] > 4096 and all(row["bound"] for row in found.values())
    assert {path: path.stat().st_mtime_ns for path in lib.rglob("*")} == before


def test_revisions_stay_readable_down_to_the_bound(store, prune, rows, monkeypatch):
    monkeypatch.setattr(history, "WHOLE_EVERY", 4)
    monkeypatch.setattr(retention, "REVISIONS", 10)
    for number in range(25):
        take(store, b"%d" % number)
        assert prune() == []
    kept_numbers = [each.number for each in store.history.newest("web1", None)]
    assert kept_numbers == list(range(25, 15, -1)), "from the newest one that is kept whole and leaves at least 10"
    assert all(store.history.state("web1", number) for number in kept_numbers)
    assert rows()["revisions"]["count"] == len(kept_numbers)


def test_revisions_are_not_pruned_while_another_process_records_the_host(store, prune, monkeypatch, connect):
    monkeypatch.setattr(history, "WHOLE_EVERY", 2)
    monkeypatch.setattr(retention, "REVISIONS", 2)
    for number in range(6):
        take(store, b"%d" % number)
    with connect().lease("host/web1", "web1"):
        assert prune() == []
    assert store.history.oldest("web1") == 1
    prune()
    assert store.history.oldest("web1") == 4


def test_contents_stay_as_long_as_a_revision_names_them(store, prune, monkeypatch):
    monkeypatch.setattr(history, "WHOLE_EVERY", 2)
    monkeypatch.setattr(retention, "SWEPT_EVERY", 0)
    store.blobs.put(digest(b"stray"), b"stray")
    os.utime(store.blobs.path(digest(b"stray")), (OLD, OLD))
    for text in (b"0", b"1", b"2", b"3", b"4"):
        take(store, text, b"always")
    assert prune() == []
    assert kept(store, b"stray", b"0", b"4", b"always") == [b"0", b"4", b"always"]
    store.history.forget("web1", 4)
    prune()
    assert kept(store, b"0", b"2", b"3", b"4", b"always") == [b"3", b"4", b"always"]
    store.remove_host("web1")
    prune()
    assert kept(store, b"3", b"4", b"always") == []


def test_contents_are_examined_once_a_day(store, prune):
    take(store, b"a")
    prune()
    store.blobs.put(digest(b"stray"), b"stray")
    os.utime(store.blobs.path(digest(b"stray")), (OLD, OLD))
    prune()
    assert kept(store, b"stray") == [b"stray"]
    os.utime(os.path.join(store.blobs.directory, ".swept"), (OLD, OLD))
    prune()
    assert kept(store, b"stray") == []


def test_contents_of_older_revisions_are_removed_first(store, prune, monkeypatch):
    monkeypatch.setattr(retention, "CONTENTS", 3 * 4096)
    monkeypatch.setattr(retention, "SWEPT_EVERY", 0)
    for number, text in enumerate((b"0", b"1", b"2", b"3")):
        take(store, text, b"always")
        os.utime(store.blobs.path(digest(text)), (OLD + number, OLD + number))
    prune()
    assert kept(store, b"0", b"1", b"2", b"3", b"always") == [b"2", b"3", b"always"]


def test_the_least_recently_used_package_files_are_removed_first(prune, lib, monkeypatch):
    monkeypatch.setattr(retention, "PACKAGES", 2 * 4096)
    files = [file(lib / "packages/debian-12" / ("p%d.deb" % number), when=OLD - number) for number in range(3)]
    recent = file(lib / "packages/debian-11/now.deb", when=time.time())
    root = file(lib / "packages/apt/0123/cache/archives/inside.deb", when=OLD - 100)
    assert prune() == []
    assert [path.exists() for path in (*files, recent, root)] == [True, False, False, True, True]
    monkeypatch.setattr(retention, "PACKAGES", 0)
    prune()
    assert [path.exists() for path in (files[0], recent)] == [False, True], "what another cycle may be about to use stays"


def test_package_files_wait_while_they_are_fetched(prune, lib, monkeypatch):
    monkeypatch.setattr(retention, "PACKAGES", 0)
    path = file(lib / "packages/debian-12/p.deb")
    with open(lib / "packages/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prune() == [] and path.exists()
    prune()
    assert not path.exists()


def test_the_cache_of_image_packages_has_a_bound(prune, tmp_path, monkeypatch):
    path = file(tmp_path / "cache/debs/b.deb")
    prune()
    assert path.exists()
    monkeypatch.setattr(retention, "BUILD_PACKAGES", 0)
    prune()
    assert not path.exists()


def aged(directory, number):
    file(directory / "manifest.json")
    os.utime(directory, (OLD - number, OLD - number))
    return directory


def test_images_of_twins_and_the_newest_others_stay(prune, lib):
    images = [aged(lib / "images" / ("%02d" % number), number) for number in range(6)]
    work = aged(lib / "images/.work", 100)
    assert prune("05") == []
    assert [path.name for path in images if path.exists()] == ["00", "01", "02", "05"]
    assert work.exists(), "the next build of an image removes the files of a killed build"


def test_indexes_of_packages_have_a_bound(prune, lib, rows):
    roots = [aged(lib / "packages/apt" / ("%02d" % number), number) for number in range(6)]
    prune()
    assert [path.name for path in roots if path.exists()] == ["00", "01", "02", "03"]
    assert rows()["package indexes"]["count"] == 4


def test_a_console_log_is_truncated_while_qemu_writes_it(prune, lib, monkeypatch, rows):
    monkeypatch.setattr(retention, "CONSOLE_LOG", 8 * 4096)
    log, small = file(lib / "twins/twin-web1/console.log", BLOCK * 9), file(lib / "twins/twin-web2/console.log", BLOCK)
    with open(log, "r+b") as stream:
        stream.seek(0, os.SEEK_END)
        assert prune() == []
        stream.write(b"the end")
    assert log.read_bytes().endswith(b"the end") and log.stat().st_blocks * 512 <= 2 * 4096
    assert small.stat().st_size == 4096 and rows()["console logs"]["count"] == 2


def test_a_failure_of_one_kind_gives_a_sentence_and_the_others_are_pruned(prune, lib, monkeypatch):
    monkeypatch.setattr(retention, "PACKAGES", 0)
    path = file(lib / "packages/debian-12/p.deb")
    aged(lib / "images/old", 9)
    monkeypatch.setattr(retention, "IMAGES", 0)

    def fail(_path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(retention.shutil, "rmtree", fail)
    assert prune() == ["Removing old base images failed ([Errno 30] Read-only file system): remove them by hand, or make room."]
    assert not path.exists()
