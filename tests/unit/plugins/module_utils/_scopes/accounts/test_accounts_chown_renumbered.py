# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts import chown_renumbered


def numbers(uids, gids):
    return {"passwd": uids, "group": gids}


def test_files_of_a_renumbered_account_are_found_and_given(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(chown_renumbered, "_give", lambda path, _found, wanted: given.append((path, *wanted)))
    (tmp_path / "a\nb").write_text("x")
    mine, group = os.getuid(), os.getgid()
    chown_renumbered.follow(numbers({"me": mine}, {"us": group}), numbers({"me": mine + 7}, {"us": group + 9}), str(tmp_path))
    assert sorted(given) == sorted((os.fsencode(path), mine + 7, group + 9) for path in (tmp_path, tmp_path / "a\nb"))


def test_without_a_changed_number_no_file_is_searched(monkeypatch):
    monkeypatch.setattr(chown_renumbered, "check", lambda *_words, **_options: 1 / 0)
    chown_renumbered.follow(numbers({"me": 1, "gone": 2}, {}), numbers({"me": 1, "new": 3}, {}), "/")


def test_a_number_that_several_names_share_is_not_changed():
    assert chown_renumbered._moved({"a": 1, "b": 2, "toor": 2}, {"a": 5, "b": 6, "toor": 2}) == {1: 5}


def test_a_file_that_disappears_meanwhile_is_not_an_error(tmp_path):
    me = (os.getuid(), os.getgid())
    chown_renumbered._give(os.fsencode(tmp_path / "gone"), me, me)


def test_set_user_id_survives(tmp_path):
    path = tmp_path / "f"
    path.write_text("x")
    path.chmod(0o4755)
    me = (os.getuid(), os.getgid())
    chown_renumbered._give(os.fsencode(path), me, me)
    assert path.stat().st_mode & 0o7777 == 0o4755


@pytest.mark.hostile
@pytest.mark.parametrize("swap", ["directory", "file"])
def test_what_a_user_put_in_the_place_of_a_file_keeps_its_owner(tmp_path, monkeypatch, swap):
    for place in ("theirs", "victim"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "f").write_text("x")
    for path in ("theirs", "theirs/f"):
        os.chown(tmp_path / path, 65534, 65534)

    def check(*_words, **_options):
        if swap == "directory":
            (tmp_path / "theirs").rename(tmp_path / "aside")
            (tmp_path / "theirs").symlink_to("victim")
            os.lchown(tmp_path / "theirs", 65534, 65534)
        else:
            (tmp_path / "victim/f").rename(tmp_path / "theirs/f")
        return b"65534 65534 %s\0" % os.fsencode(tmp_path / "theirs/f")

    monkeypatch.setattr(chown_renumbered, "check", check)
    chown_renumbered.follow(numbers({"them": 65534}, {}), numbers({"them": 65533}, {}), str(tmp_path))
    assert (tmp_path / "theirs/f").stat().st_uid == 0
