# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import state
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT

OLDEST = pathlib.Path(__file__).resolve().parents[3] / "fixtures/state/format-1.json"
ITEM = st.fixed_dictionaries({"type": st.just("file"), "digest": st.sampled_from("xyz"), "package": st.sampled_from("pq")})
BODY = st.fixed_dictionaries({
    "status": st.sampled_from(["ok", "empty"]), "note": st.just(""),
    "items": st.dictionaries(st.sampled_from(["/etc/a", "/etc/b", "/etc/c\udce9"]), ITEM),
    "excluded": st.dictionaries(st.sampled_from(["/etc/k"]), st.sampled_from(["identity", "secret_excluded"])),
})
SCOPES = st.fixed_dictionaries({"files": BODY})


def unit(**fields):
    items = {"a.service": dict({"load": "loaded", "active": "active"}, **fields)}
    return {"services": {"status": "ok", "note": "", "items": items, "excluded": {}}}


@given(SCOPES, SCOPES)
def test_merge_is_the_inverse_of_delta(before, after):
    merged = state.merge(before, state.delta(before, after))
    assert state.state_digest(merged) == state.state_digest(after)
    assert merged["files"]["items"].keys() == after["files"]["items"].keys()


@given(SCOPES, SCOPES)
def test_a_delta_is_empty_if_and_only_if_digests_are_equal(before, after):
    assert (not state.delta(before, after)) == (state.state_digest(before) == state.state_digest(after))


def test_a_delta_holds_only_what_changed():
    before, after = unit(), unit()
    before["services"]["items"].update({"b.service": {"load": "loaded"}, "c.service": {"load": "loaded"}})
    after["services"]["items"].update({"b.service": {"load": "masked"}})
    change = state.delta(before, after)["services"]
    assert list(change["items"]) == ["b.service"]
    assert change["removed"] == ["c.service"]


def test_only_desired_fields_change_the_digest():
    still = state.state_digest(unit())
    assert state.state_digest(unit(main_pid=4711, memory_bytes=1, restarts=3)) == still
    assert state.state_digest(unit(active="failed")) != still


def test_status_and_exclusions_belong_to_the_digest():
    body = unit()["services"]
    digests = {state.scope_digest("services", other) for other in (
        body, dict(body, status="failed"), dict(body, excluded={"k": "identity"}), dict(body, note="only said"),
    )}
    assert len(digests) == 3


def test_the_oldest_format_is_read():
    document = json.loads(OLDEST.read_text(encoding="ascii"))
    assert state.migrate(document, "The oldest state") == dict(document, format=FORMAT)
    # Written once, when format 1 was: format 2 only adds fields that it does not have. Whoever changes what a digest is over, has to count the format up.
    assert state.state_digest(document["scopes"]) == document["digest"]


def test_every_older_format_has_a_step():
    assert sorted(state.STEPS) == list(range(1, FORMAT))


@pytest.mark.parametrize(("found", "advice"), [(FORMAT + 1, "upgrade"), (None, "harvest"), ("1", "harvest"), (0, "harvest")])
def test_other_formats_are_refused_in_a_sentence(found, advice):
    with pytest.raises(TwinError, match="The recorded state .*" + advice):
        state.migrate({"format": found} if found is not None else {}, "The recorded state")
