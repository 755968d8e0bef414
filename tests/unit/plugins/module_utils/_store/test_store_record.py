# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following, paused, forgotten."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._store import record, sqlite


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "hold", lambda host: sqlite.hold(host, str(tmp_path / "run")))
    with sqlite.Store(str(tmp_path / "lib")) as store:
        store.take("web1", {"machine": {"machine_id": "m1"}}, "d1", {})
    return str(tmp_path / "lib")


def paused(root):
    with sqlite.Store(root) as store:
        return store.head("web1")["paused"]


def test_pause_and_follow(root):
    assert record.ensure("web1", "paused", "Because.", dry=False, root=root) == "following"
    assert paused(root) == "Because."
    assert record.ensure("web1", "paused", "Again.", dry=False, root=root) == "paused"
    assert paused(root) == "Because."
    assert record.ensure("web1", "following", "", dry=False, root=root) == "paused"
    assert paused(root) == ""


def test_a_dry_run_changes_nothing(root):
    assert record.ensure("web1", "paused", "Because.", dry=True, root=root) == "following"
    assert paused(root) == ""


def test_forgetting_twice(root):
    assert record.ensure("web1", "absent", "", dry=False, root=root) == "following"
    assert record.ensure("web1", "absent", "", dry=False, root=root) == "absent"


def test_an_unknown_host_cannot_follow(root, tmp_path):
    for where in (root, str(tmp_path / "nowhere")):
        with pytest.raises(TwinError, match="no record of a twin of web9"):
            record.ensure("web9", "following", "", dry=False, root=where)
