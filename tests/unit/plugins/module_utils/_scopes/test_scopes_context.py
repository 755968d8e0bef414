# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import HOST, Context, result, stamp_of


def test_paths_are_those_of_the_machine_below_its_root(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff")
    context = Context(root=str(tmp_path))
    assert context.role == HOST
    assert context.read("/a") == b"\xff"
    assert context.read("/absent") is None
    assert context.read("/a/below") is None
    assert context.stamp("/a") == stamp_of((tmp_path / "a").stat())
    assert context.stamp("/absent") is None


def test_a_stamp_follows_the_file(tmp_path):
    context = Context(root=str(tmp_path))
    (tmp_path / "a").write_bytes(b"1")
    before = context.stamp("/a")
    assert context.stamp("/a") == before
    (tmp_path / "a").write_bytes(b"22")
    assert context.stamp("/a") != before


def test_only_what_was_asked_for():
    items = {"a": {}, "b": {}}
    assert Context().wanted(items) == items
    assert Context(only=["b", "c"]).wanted(items) == {"b": {}}
    assert Context(only=[]).wanted(items) == {}


def test_contexts_do_not_share_caches():
    Context().cache["x"] = 1
    assert Context().cache == {}


def test_a_result_is_a_whole_body():
    assert result({"a": {}}) == {"status": "ok", "note": "", "items": {"a": {}}, "excluded": {}}
    assert result({}, {"k": "identity"}, "n", "empty") == {"status": "empty", "note": "n", "items": {}, "excluded": {"k": "identity"}}
