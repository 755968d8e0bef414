# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import walk


@pytest.fixture
def root(tmp_path):
    for path in ("etc/app", "usr/lib/systemd/system", "opt"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "etc/app/a").write_text("a")
    (tmp_path / "etc/passwd").write_text("x")
    (tmp_path / "etc/hostname").write_text("x")
    (tmp_path / "usr/lib/systemd/system/a.service").write_text("x")
    return tmp_path


def paths(root, **options):
    return {path: reason for path, _info, reason in walk.paths(Context(root=str(root), **options))}


def test_every_path_once_and_reasons_of_the_tables(root):
    found = [path for path, _info, _reason in walk.paths(Context(root=str(root)))]
    assert sorted(found) == ["/etc/app", "/etc/app/a", "/etc/hostname", "/usr/lib/systemd/system/a.service"], "/lib is /usr/lib, and /etc/passwd is no file"
    assert paths(root)["/etc/hostname"] == "identity"
    assert paths(root)["/etc/app/a"] is None


def test_a_loop_of_links_and_nested_roots_terminate(root):
    (root / "opt/loop").symlink_to("..")
    found = [path for path, _info, _reason in walk.paths(Context(root=str(root), roots=("/etc/app", "/opt/")))]
    assert len(found) == len(set(found))
    assert "/opt/loop" in found


def test_a_left_out_directory_is_not_entered(root):
    assert paths(root, exclude=("/etc/app",))["/etc/app"] == "excluded"
    assert "/etc/app/a" not in paths(root, exclude=("/etc/app",))


def test_named_paths_alone(root):
    context = Context(root=str(root), exclude=("/etc/app",))
    found = {path: reason for path, _info, reason in walk.named(context, ["/etc/app/a", "/etc/passwd", "/etc/absent", "/opt"])}
    assert found == {"/etc/app/a": "excluded", "/opt": None}


@pytest.mark.hostile
def test_a_directory_that_becomes_a_link_is_not_entered(root):
    for place in ("opt/theirs", "secret"):
        (root / place).mkdir()
        (root / place / "inner").write_text("x")
    found = {}
    for path, info, _reason in walk.paths(Context(root=str(root))):
        found[path] = info
        if path == "/opt/theirs" and info:  # it was listed and will be entered
            (root / "opt/theirs").rename(root / "aside")
            (root / "opt/theirs").symlink_to("../secret")
    assert found["/opt/theirs"] is None
    assert "/opt/theirs/inner" not in found


@pytest.mark.hostile
def test_entries_are_looked_at_in_the_directory_that_was_entered(root):
    for place in ("opt/theirs", "secret"):
        (root / place).mkdir()
        for name in "ab":
            (root / place / name).write_text(place)
    sizes = {}
    for path, info, _reason in walk.paths(Context(root=str(root))):
        if path.startswith("/opt/theirs/"):
            sizes[path] = info.st_size
            if len(sizes) == 1:
                (root / "opt/theirs").rename(root / "aside")
                (root / "opt/theirs").symlink_to("../secret")
    assert set(sizes.values()) == {len("opt/theirs")}


@pytest.mark.hostile
def test_a_link_of_a_user_does_not_lead_to_another_root(root):
    (root / "srv").mkdir()
    for name, owner in (("ours", 0), ("theirs", 65534)):
        (root / "srv" / name).symlink_to("../etc/app")
        os.lchown(root / "srv" / name, owner, owner)
    assert paths(root, roots=("/srv/theirs",))["/srv/theirs"] == "unreadable"
    (root / "etc/app").rename(root / "data")
    (root / "srv/ours").unlink()
    (root / "srv/ours").symlink_to("../data")
    assert paths(root, roots=("/srv/ours",))["/srv/ours/a"] is None
    assert list(walk.named(Context(root=str(root)), ["/srv/theirs/a"])) == [("/srv/theirs/a", None, "unreadable")]
