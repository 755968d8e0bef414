# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import Order, Payload, Policy, Readback, step_of, why


def test_a_step_makes_its_change():
    step = step_of(Change("files", "/a", None, {"type": "dir"}, ()), "files.place", "ensure", "b", ["y", "x", "x"])
    assert step == {
        "id": "files:/a", "batch": "files.place", "verb": "ensure", "scope": "files", "key": "/a", "want": {"type": "dir"}, "have": None,
        "because": "b", "requires": ["x", "y"], "after": [],
    }


def test_why_in_words():
    assert why(Change("s", "k", {}, None, ())) == "the host does not have it"
    assert why(Change("s", "k", None, {}, ())) == "the twin does not have it"
    assert why(Change("s", "k", {}, {}, ("mode",))) == "mode differs"
    assert why(Change("s", "k", {}, {}, ("digest", "size"))) == "content differs"
    assert why(Change("s", "k", {}, {}, ("mode", "owner"))) == "mode, owner differ"
    assert why(Change("s", "k", {}, {}, ("size",))) == "size differs"


def test_a_scope_without_a_part_changes_nothing():
    item = {"type": "file", "digest": "d"}
    policy = Policy()
    assert policy.adjust("k", item, {}, {"substrate": {}, "caps": {}, "self_host": False}) == (item, None)
    assert not policy.stays("k", item, frozenset())
    assert not policy.close_enough("k", item, item)
    assert policy.explains(item, None, ("type",)) is None
    assert policy.pattern_name("a:b") == "a:b"
    payload, step = Payload(), step_of(Change("s", "k", None, item, ()), "s.b", "ensure", "")
    assert (payload.content(item), payload.carried("a", item), payload.contents(step), payload.packages(step)) == (None, False, [], [])
    assert (list(Readback().also("k")), Readback().runs_scripts, Readback().whole, Order()) == ([], False, (), ((), ()))
