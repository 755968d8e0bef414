# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.diff import diff, differing

VALUES = {
    "accounts": st.fixed_dictionaries({"gid": st.integers(0, 3), "members": st.lists(st.sampled_from("ab"), max_size=2)}),
    "files": st.fixed_dictionaries({"type": st.just("file"), "mode": st.sampled_from(["0644", "0600"]), "digest": st.sampled_from("xyz")}),
    "services": st.fixed_dictionaries({"load": st.just("loaded"), "active": st.sampled_from(["active", "inactive", "failed"])}),
}
KEYS = {"accounts": "group:%s", "files": "/etc/%s", "services": "%s.service"}


@st.composite
def scopes(draw):
    return {
        scope: {
            "status": "ok", "note": "", "excluded": {},
            "items": draw(st.dictionaries(st.sampled_from("abcd").map(KEYS[scope].__mod__), value, max_size=4)),
        }
        for scope, value in VALUES.items()
    }


def test_case(case):
    found = diff(case["before"], case["after"], case.get("keep", {}))
    shown = [[change.scope, change.key, None if change.want is None else list(change.fields)] for change in found]
    assert shown == case["expected"]


@given(scopes())
def test_a_state_does_not_differ_from_itself(state):
    assert diff(state, state, {}) == []


@given(scopes(), scopes())
def test_applying_a_plan_leaves_no_difference(actual, desired):
    for change in diff(actual, desired, {}):
        items = actual[change.scope]["items"]
        if change.want is None:
            del items[change.key]
        else:
            items[change.key] = dict(items.get(change.key, {}), **change.want)
    assert diff(actual, desired, {}) == []
    assert {scope: body["items"] for scope, body in actual.items()} == {scope: body["items"] for scope, body in desired.items()}


@given(scopes(), scopes())
def test_kept_items_are_not_changed(actual, desired):
    keep = {scope: body["items"] for scope, body in actual.items()}
    assert all(change.want is not None for change in diff(actual, desired, keep))


def test_an_empty_list_is_no_difference_to_none():
    have, listening = {"active": "active"}, {"active": "active", "listens": ["tcp 0.0.0.0:80"]}
    for one, other, fields in ((have, dict(have, listens=[]), ()), (listening, dict(have, listens=[]), ("listens",)), (have, listening, ("listens",))):
        assert differing(("active", "listens"), one, other) == fields
