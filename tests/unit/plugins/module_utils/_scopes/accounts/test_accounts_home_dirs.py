# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts import home_dirs


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A machine on which this user is an ordinary one."""
    monkeypatch.setattr(home_dirs, "ORDINARY", range(60000))
    (tmp_path / "etc/skel/.config").mkdir(parents=True)
    (tmp_path / "etc/skel/.profile").write_text("umask 022\n")
    (tmp_path / "etc/skel/link").symlink_to("/etc/shadow")
    return tmp_path


def line(home, uid=None):
    return ["ula", "x", str(os.getuid() if uid is None else uid), str(os.getgid()), "", home, "/bin/sh"]


def test_a_home_is_made_from_the_skeleton(root):
    home_dirs.ensure(line("/home/ula"), str(root))
    home = root / "home/ula"
    assert (home / ".profile").read_text() == "umask 022\n"
    assert (home / ".config").is_dir()
    assert os.readlink(home / "link") == "/etc/shadow"
    assert home.stat().st_mode & 0o777 == 0o700


def test_an_existing_home_directory_is_not_changed(root):
    (root / "home/ula").mkdir(parents=True)
    home_dirs.ensure(line("/home/ula"), str(root))
    assert not list((root / "home/ula").iterdir())


@pytest.mark.parametrize(("home", "uid"), [("relative", None), ("/", None), ("/home/ula", 60001)])
def test_no_home_for_others(root, home, uid):
    home_dirs.ensure(line(home, uid), str(root))
    assert sorted(path.name for path in root.iterdir()) == ["etc"]


def test_no_skeleton(root, tmp_path):
    home_dirs.ensure(line("/home/ula"), str(tmp_path / "other"))
    assert not list((tmp_path / "other/home/ula").iterdir())


@pytest.mark.parametrize(("content", "mode"), [
    ("UMASK 022\n", 0o755), ("# HOME_MODE 0711\nUMASK\t\t027\n", 0o750), ("HOME_MODE 0711\nUMASK 022\n", 0o711), ("UMASK many\n", 0o700), ("", 0o700),
])
def test_modes_as_useradd_gives_them(root, content, mode):
    (root / "etc/login.defs").write_text(content)
    home_dirs.ensure(line("/home/ula"), str(root))
    assert (root / "home/ula").stat().st_mode & 0o777 == mode


@pytest.mark.hostile
def test_a_link_of_a_user_leads_no_home_elsewhere(root):
    (root / "victim").mkdir()
    (root / "home").symlink_to("victim")
    os.lchown(root / "home", 65534, 65534)
    with pytest.raises(OSError, match="A link of an unprivileged user"):
        home_dirs.ensure(line("/home/ula"), str(root))
    assert not os.listdir(root / "victim")


@pytest.mark.hostile
def test_a_directory_belongs_to_its_user_after_all_that_it_holds(root, monkeypatch):
    given = []
    monkeypatch.setattr(home_dirs.os, "lchown", lambda path, _uid, _gid: given.append(os.path.basename(path)))
    (root / "etc/skel/.config/inner").write_text("x")
    home_dirs.ensure(line("/home/ula"), str(root))
    assert given.index("inner") < given.index(".config")
