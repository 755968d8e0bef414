# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import content, walk

SECRET = b"DB_PASSWORD=Lato-2030-sucho\n"


@pytest.fixture
def machine(tmp_path):
    def look(path, body, original=None, **options):
        (tmp_path / path[1:]).write_bytes(body)
        return content.examine(Context(root=str(tmp_path), **options), path, os.lstat(tmp_path / path[1:]), original)

    look.root = tmp_path
    return look


def test_the_content_is_compared_with_the_package(machine):
    body = b"a\n"
    assert machine("/a", body) == (hashlib.sha256(body).hexdigest(), False, None)
    assert machine("/a", body, hashlib.md5(body).hexdigest()).pristine
    assert not machine("/a", body, "0" * 32).pristine


def test_secrets_are_searched_on_hosts_and_in_files_that_differ_from_their_package(machine):
    assert machine("/a", SECRET).secret == "a password or token"
    assert machine("/a", SECRET, hashlib.md5(SECRET).hexdigest()).secret is None
    assert machine("/a", SECRET, role=TWIN).secret is None


def test_a_memory_of_another_content_or_role_is_ignored(machine, monkeypatch):
    monkeypatch.setattr(content, "_SETTLED", -1)
    cache = {}
    assert machine("/a", b"x", cache=cache).secret is None
    assert machine("/a", SECRET, cache=cache).secret
    assert machine("/a", SECRET, cache=cache, role=TWIN).secret is None


def test_a_file_that_just_changed_is_not_remembered(machine):
    cache = {}
    machine("/a", b"x", cache=cache)
    assert cache["content"] == {}


def test_a_blob_with_another_digest_is_none(machine):
    machine("/a", b"x")
    context = Context(root=str(machine.root))
    assert content.blob(context, "/a", hashlib.sha256(b"x").hexdigest()) == b"x"
    assert content.blob(context, "/a", "0" * 64) is None
    assert content.blob(context, "/absent", "0" * 64) is None


@pytest.mark.hostile
def test_a_file_is_read_in_the_directory_that_the_walk_has_open(tmp_path):
    for place in ("opt/theirs", "secret"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "f").write_text(place)
    context = Context(root=str(tmp_path))
    read = []
    for path, info, _reason in walk.paths(context):
        if path == "/opt/theirs/f":
            (tmp_path / "opt/theirs").rename(tmp_path / "aside")
            (tmp_path / "opt/theirs").symlink_to("../secret")
            read.append(content.read(context, path, info))
    assert read == [b"opt/theirs"]


@pytest.mark.hostile
def test_a_content_is_not_read_by_a_link_of_a_user(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/f").write_bytes(b"x")
    (tmp_path / "theirs").symlink_to("secret")
    os.lchown(tmp_path / "theirs", 65534, 65534)
    assert content.blob(Context(root=str(tmp_path)), "/secret/f", hashlib.sha256(b"x").hexdigest()) == b"x"
    assert content.blob(Context(root=str(tmp_path)), "/theirs/f", hashlib.sha256(b"x").hexdigest()) is None
