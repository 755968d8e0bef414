# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the content store: only its owner reads it, damage is found and repaired, named blobs are kept."""
from __future__ import annotations

import errno
import os
import pathlib
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._store import blobs as blobs_module
from ansible_collections.safetytwin.twin.plugins.module_utils._store.blobs import Blobs, Documents

NAME = digest(b"content")


@pytest.fixture(name="blobs")
def fixture_blobs(tmp_path):
    return Blobs(str(tmp_path / "lib/blobs"))


def test_a_blob_has_the_digest_of_its_name(blobs):
    with pytest.raises(TwinError, match="digest"):
        blobs.put(NAME, b"something else")
    assert blobs.get(NAME) is None
    blobs.put(NAME, b"content")
    assert blobs.get(NAME) == b"content"


def emptied(path):
    path.write_bytes(b"")


def truncated(path):
    path.write_bytes(path.read_bytes()[:3])


def overwritten(path):
    path.write_bytes(b"x" * len(path.read_bytes()))


def longer(path):
    path.write_bytes(path.read_bytes() + b" and more")


def missing(path):
    path.unlink()


def a_directory(path):
    path.unlink()
    (path / "with").mkdir(parents=True)


def a_link_to_itself(path):
    path.unlink()
    path.symlink_to(path)


def below_a_file(path):
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")


@pytest.mark.parametrize("damage", [emptied, truncated, overwritten, longer, missing, a_directory, a_link_to_itself, below_a_file])
def test_a_damaged_blob_is_none_until_it_is_stored_again(blobs, damage):
    blobs.put(NAME, b"content")
    damage(pathlib.Path(blobs.path(NAME)))
    assert blobs.get(NAME) is None
    list(blobs.files())
    blobs.put(NAME, b"content")
    assert blobs.get(NAME) == b"content"
    assert [each.name for each in blobs.files()] == [NAME]


def test_a_blob_that_cannot_be_read_for_another_reason_is_not_damaged(blobs, monkeypatch):
    def full(*_words, **_options):
        raise OSError(errno.EMFILE, "Too many open files")

    blobs.put(NAME, b"content")
    monkeypatch.setattr("builtins.open", full)
    with pytest.raises(OSError, match="Too many open files"):
        blobs.get(NAME)


@pytest.mark.parametrize("name", ["", "/etc/shadow", "../" * 21 + "x", "A" * 64, NAME + "\n"])
def test_a_name_that_is_not_a_digest_is_refused(blobs, name):
    assert blobs.get(name) is None
    with pytest.raises(TwinError, match="not the name of a content"):
        blobs.path(name)


def test_only_the_owner_can_ever_read_the_files(blobs, tmp_path, monkeypatch):
    """Whatever the mask is, and looked at while they are made."""
    seen = []

    def watched(path):
        seen.extend(each.stat().st_mode & 0o077 for each in (tmp_path / "lib").rglob("*"))
        return sync(path)

    sync = blobs_module.sync_directory
    monkeypatch.setattr(blobs_module, "sync_directory", watched)
    mask = os.umask(0)
    try:
        blobs.put(NAME, b"content")
        Documents(str(tmp_path / "lib/documents")).put("host/web1", b"{}")
    finally:
        os.umask(mask)
    assert seen and set(seen) == {0}


def test_directories_are_synced_up_to_the_first_that_was_there(blobs, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(blobs_module, "sync_directory", synced.append)
    blobs.put(NAME, b"content")
    made = blobs.path(NAME).rsplit("/", 1)[0]
    assert synced == [str(tmp_path), str(tmp_path / "lib"), str(tmp_path / "lib/blobs"), made]


def test_a_sweep_keeps_named_and_new_blobs(blobs):
    names = [digest(content) for content in (b"named", b"old", b"again")]
    for content in (b"named", b"old", b"again"):
        blobs.put(digest(content), content)
    for name in names:
        os.utime(blobs.path(name), (1, 1))
    blobs.put(names[2], b"again")
    assert blobs.swept() == 0
    assert blobs.sweep({names[0]}, time.time() - 60) == 1
    assert [blobs.get(name) for name in names] == [b"named", None, b"again"]
    assert blobs.swept() > 0


def test_documents_are_replaced_by_owner(tmp_path):
    documents = Documents(str(tmp_path / "documents"))
    first, second = documents.put("host/a", b"1"), documents.put("host/a", b"2")
    assert documents.put("host/b", b"1") == first
    documents.keep_only("host/a", {second})
    assert (documents.get("host/a", first), documents.get("host/a", second), documents.get("host/b", first)) == (None, b"2", b"1")
    documents.keep_only("host/a", set())
    documents.keep_only("host/never", set())
    assert not (tmp_path / "documents/host/a").exists()
