# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.checks import ScopeCheck, check_of, check_once
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.grammars import Flag, Listing, Mapping, Number, Text
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

WORD = Text("word", "[a-z]+", 4, "a word")


@pytest.mark.parametrize(("shape", "value", "wrong"), [
    (WORD, "abc", None), (WORD, "abcde", "is longer than 4 characters"), (WORD, "a\n", "is not a word"), (WORD, 1, "is not text"),
    (Number(0, 9), 9, None), (Number(0, 9), 10, "is not between 0 and 9"), (Number(0, 9), True, "is not a whole number"),
    (Flag(), False, None), (Flag(), 0, "is neither true nor false"),
    (Listing(WORD, 2), ["a", "b"], None), (Listing(WORD, 2), ["a", "B"], "has an entry that is not a word"),
    (Listing(WORD, 2), ["a"] * 3, "has more than 2 entries"),
    (Mapping(WORD, Number(0, 9), 2), {"a": 1}, None), (Mapping(WORD, Number(0, 9), 2), {"A": 1}, "has a member that is not a word"),
])
def test_each_value_breaks_the_expected_rule(shape, value, wrong):
    assert check_of(shape)(value) == wrong


def test_a_text_is_compiled_once():
    assert check_once(WORD) is check_once(Text("word", "[a-z]+", 4, "a word"))


def test_keys_and_items_of_a_scope():
    check = ScopeCheck(SCHEMA["accounts"])
    assert check.key("user:ula") is None
    assert check.key("robot:ula") == "its key is of no kind that the scope has"
    assert check.item("group:staff", {"gid": 50, "members": ["ula"]}) is None
    assert check.item("group:staff", {"gid": "50", "members": []}) == "it has a gid that is not a whole number"
    assert check.item("group:staff", {"gid": 50, "members": [], "colour": 1}) == "it has a field that the state format does not know"
    assert check.item("robot:ula", {}) == check.key("robot:ula")
