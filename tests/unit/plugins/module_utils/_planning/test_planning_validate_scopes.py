# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate_scopes import check_of_scope, failed_scope, parse_scope

GROUP = {"gid": 50, "members": []}


def body(items=None, **more):
    return dict({"status": "ok", "note": "", "items": items or {}, "excluded": {}}, **more)


def parsed(raw, before=None, declared=None, whole=True):
    return parse_scope("accounts", raw, before, declared, whole)


def test_a_valid_scope_is_not_changed():
    found = parsed(body({"group:a": GROUP}, note="n"))
    assert found.body == body({"group:a": GROUP}, note="n")
    assert found.violations == []
    assert found.declared["withheld"] == {}


def test_an_invalid_item_is_left_out_or_keeps_its_last_valid_state():
    bad = body({"group:a": dict(GROUP, gid="x"), "group:b": GROUP})
    new = parsed(bad)
    assert list(new.body["items"]) == ["group:b"]
    assert new.body["excluded"]["group:a"].startswith("invalid: it has a gid")
    kept = parsed(bad, before=body({"group:a": GROUP}))
    assert kept.body["items"]["group:a"] == GROUP
    assert kept.body["excluded"]["group:a"].startswith("invalid_last_kept: ")
    assert len(kept.violations) == 1


@pytest.mark.parametrize(("raw", "wrong"), [
    ([], "is not an object"), (body(items=[1]), "has no valid items"), (body(status="fine"), "has no valid status"), (body(note=None), "has no valid note"),
])
def test_a_scope_of_the_wrong_shape_fails_and_keeps_its_last_items(raw, wrong):
    before = body({"group:a": GROUP})
    found = parsed(raw, before)
    assert (found.body["status"], found.body["items"], found.declared) == ("failed", before["items"], None)
    assert found.violations == ["The scope accounts %s; its last valid state is kept." % wrong]
    assert parsed(raw).body["items"] == {}


def test_a_delta_is_merged_into_the_known_state():
    before = parsed(body({"group:a": GROUP, "group:b": GROUP}))
    found = parsed(dict(body({"group:c": GROUP}), removed=["group:a"]), before.body, before.declared, whole=False)
    assert sorted(found.body["items"]) == ["group:b", "group:c"]


def test_an_exclusion_needs_a_reason_that_is_known():
    found = parsed(body(excluded={"group:a": "identity", "group:b": "because"}))
    assert found.body["excluded"]["group:a"] == "identity"
    assert found.body["excluded"]["group:b"].startswith("invalid: its reason has no known code")


def test_a_failed_scope_keeps_its_last_items():
    assert failed_scope("n", None) == {"status": "failed", "note": "n", "items": {}, "excluded": {}}
    assert failed_scope("n", body({"group:a": GROUP}))["items"] == {"group:a": GROUP}
    assert check_of_scope("files") is check_of_scope("files")
