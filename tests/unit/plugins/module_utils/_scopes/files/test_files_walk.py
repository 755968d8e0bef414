# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

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
