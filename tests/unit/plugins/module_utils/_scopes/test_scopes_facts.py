# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import result
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.facts import scope_facts


def test_items_become_facts_of_their_name():
    def collect(context):
        assert context.only == {"a.service"}
        return result({"a.service": {"load": "loaded"}}, {"b.service": "identity"}, note="n")

    assert scope_facts("units", collect, only=["a.service"]) == {
        "ansible_facts": {"units": {"a.service": {"load": "loaded"}}}, "status": "ok", "note": "n", "excluded": {"b.service": "identity"},
    }


def test_items_of_several_kinds_are_nested():
    facts = scope_facts("hardware", lambda _context: result({"cpu": {"count": 2}, "disk:sda": {"bytes": 1}, "nic:a:b": {}}), by_kind=True)
    assert facts["ansible_facts"]["hardware"] == {"cpu": {"count": 2}, "disk": {"sda": {"bytes": 1}}, "nic": {"a:b": {}}}


def test_a_scope_that_failed_is_an_error_and_bytes_survive():
    with pytest.raises(TwinError, match="^no engine$"):
        scope_facts("x", lambda _context: result({}, note="no engine", status="failed"))
    shown = scope_facts("x", lambda _context: result({"caf\udce9": {}}))["ansible_facts"]["x"]
    for key in shown:
        key.encode("utf-8")


def test_what_could_not_be_learned_and_names_that_are_not_there_make_a_partial_answer():
    def collect(context):
        context.missed.append("The host is shy.")
        return result({"a.service": {}}, {"b.service": "identity"}, note=" ".join(["Read.", *context.missed]))

    shown = scope_facts("units", collect, only=["a.service", "b.service", "d.service", "c.service"])
    assert (shown["status"], shown["note"]) == ("partial", "Read. The host is shy. Nothing has the name c.service, d.service: give full names, and no aliases.")
    assert scope_facts("units", collect)["note"] == "Read. The host is shy."
    whole = scope_facts("units", lambda _context: result({"a": {}}), only=["a"])
    assert (whole["status"], whole["note"]) == ("ok", "")
