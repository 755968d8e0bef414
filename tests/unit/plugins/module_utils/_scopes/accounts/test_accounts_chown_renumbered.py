# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts import chown_renumbered


def numbers(uids, gids):
    return {"passwd": uids, "group": gids}


def test_files_of_a_renumbered_account_are_found_and_given(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(chown_renumbered, "_give", lambda path, uid, gid: given.append((path, uid, gid)))
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
    chown_renumbered._give(os.fsencode(tmp_path / "gone"), os.getuid(), os.getgid())


def test_set_user_id_survives(tmp_path):
    path = tmp_path / "f"
    path.write_text("x")
    path.chmod(0o4755)
    chown_renumbered._give(os.fsencode(path), os.getuid(), os.getgid())
    assert path.stat().st_mode & 0o7777 == 0o4755
