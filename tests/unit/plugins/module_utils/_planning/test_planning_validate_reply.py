# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the checks of data from a twin."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate_reply import parse_apply, parse_twin

GOOD, BAD = {"gid": 1, "members": []}, {"gid": -1, "members": []}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9) | st.sampled_from(["files", "items", "id", "read", "scopes"]), inner), max_leaves=9,
)


def body(**items):
    return {"status": "ok", "note": "", "items": {"group:" + name: item for name, item in items.items()}, "excluded": {}}


def test_a_valid_reply_of_a_twin_is_not_changed():
    assert parse_twin({"scopes": {"accounts": body(a=GOOD)}}, ["accounts"], {}, "twin-a") == {"accounts": body(a=GOOD)}


def test_an_invalid_item_keeps_its_last_valid_state():
    read = parse_twin({"scopes": {"accounts": body(a=BAD, b=BAD, c=GOOD), "toys": 1}}, ["accounts", "files"], {"accounts": body(a=GOOD)}, "twin-a")
    assert read["accounts"]["items"] == body(a=GOOD, c=GOOD)["items"]
    assert read["accounts"]["excluded"]["group:a"].startswith("invalid_last_kept: ") and read["accounts"]["excluded"]["group:b"].startswith("invalid: ")
    assert read["files"]["status"] == "failed" and "did not say" in read["files"]["note"] and "toys" not in read


def test_a_reply_to_a_plan_contains_only_its_steps():
    results = [
        {"id": "a", "changed": True, "failed": "x\x1b" * 5000}, {"id": "b", "changed": 1, "failed": None}, {"id": "c", "changed": False, "failed": None}, 1,
    ]
    reply = {
        "results": results, "read": {"accounts": ["group:a", "group:\n", 1], "files": None, "toys": None},
        "scopes": {"accounts": body(a=GOOD), "files": {}}, "seconds": {"accounts.place": 1.5, "x": "y"},
    }
    taken = parse_apply(reply, ["a", "b"], {"files": {"status": "ok", "note": "", "items": {}, "excluded": {}}}, "twin-a")
    assert [(row["id"], row["changed"]) for row in taken["results"]] == [("a", True)]
    assert taken["results"][0]["failed"].isprintable() and len(taken["results"][0]["failed"]) <= 2048
    assert taken["read"] == {"accounts": ["group:a"], "files": None} and taken["seconds"] == {"accounts.place": 1.5}
    assert taken["scopes"]["accounts"] == body(a=GOOD) and taken["scopes"]["files"]["status"] == "failed"


@pytest.mark.parametrize("reply", [None, [], {}, {"scopes": []}, {"scopes": {}, "read": {}}, {"scopes": {}, "read": {}, "results": {}}])
def test_a_reply_without_its_parts_is_refused(reply):
    with pytest.raises(TwinError, match="The twin twin-a answered without"):
        parse_apply(reply, [], {}, "twin-a")


def sentence(parse, *arguments):
    try:
        parse(*arguments)
    except TwinError as error:
        return str(error)
    return ""


@given(JSON, st.dictionaries(st.sampled_from(["results", "read", "scopes", "seconds"]), JSON))
@settings(deadline=None)
def test_any_reply_gives_a_value_or_a_sentence(part, whole):
    for reply in (part, whole, {"results": [part], "read": {"files": part}, "scopes": {"files": part}, "seconds": part}):
        assert sentence(parse_apply, reply, ["a"], {}, "t").isprintable() and sentence(parse_twin, reply, ["files"], {}, "t").isprintable()
