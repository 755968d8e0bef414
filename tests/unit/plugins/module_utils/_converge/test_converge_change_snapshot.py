# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._converge import change_snapshot
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import walk
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import snapshot

UNITS = "cron.service loaded active running Cron\nold.service  loaded failed failed Old\n"


@pytest.fixture
def looks(tmp_path, monkeypatch):
    """A look at a directory of its own, and at units that are said to be there."""
    units = [UNITS]
    monkeypatch.setattr(walk, "TOPS", ())
    monkeypatch.setattr(snapshot, "check", lambda *_argv: units[0].encode())

    def look(said=UNITS):
        units[0] = said
        return change_snapshot.look(roots=(str(tmp_path),))

    return look


def test_two_snapshots_of_an_unchanged_machine_are_equal(looks, tmp_path):
    (tmp_path / "kept").write_text("same\n")
    assert change_snapshot.differing(looks(), looks()) == []


def test_added_removed_and_changed_items_are_found(looks, tmp_path):
    for name in ("edited", "gone", "kept", "mode"):
        (tmp_path / name).write_text("before\n")
    before = looks()
    (tmp_path / "edited").write_text("after!\n")
    (tmp_path / "gone").unlink()
    os.chmod(tmp_path / "mode", 0o600)
    (tmp_path / "new").symlink_to("kept")
    after = looks("cron.service loaded active running Another description\nnew.timer loaded active waiting New\nold.service loaded inactive dead Old\n")
    found = change_snapshot.differing(before, after)
    assert [key for scope, key in found if scope == "services"] == ["new.timer", "old.service"]
    paths = {os.path.basename(key) for scope, key in found if scope == "files"}
    assert paths == {"edited", "gone", "mode", "new", tmp_path.name}
