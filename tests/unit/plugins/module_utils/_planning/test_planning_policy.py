# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import policy


def test_case(case):
    desired, exceptions = policy.desire(case["before"], case["twin"])
    expected = case["expected"]
    assert {scope: sorted(body["items"]) for scope, body in desired.items()} == {
        scope: sorted(keys) for scope, keys in expected["desired"].items()
    }
    assert exceptions == expected["exceptions"]
    assert policy.kept(case["after"], desired, exceptions, case["twin"]) == expected["kept"]
    opened = [key for key, item in desired.get("services", {"items": {}})["items"].items() if "active" not in item]
    assert opened == expected.get("open", [])


def test_hardware_is_limited_to_what_a_twin_can_have():
    host = {"hardware": {"status": "ok", "note": "", "excluded": {}, "items": {
        "cpu": {"architecture": "x86_64", "count": 8}, "memory": {"bytes": 512 << 20},
    }}}
    desired, _reasons = policy.desire(host, {"substrate": {}, "caps": {"vcpus": 2, "memory_mib": 1024}})
    assert desired["hardware"]["items"] == {"cpu": {"architecture": "x86_64", "count": 2}, "memory": {"bytes": 512 << 20}}


def test_policy_does_not_change_its_arguments(case):
    before = repr(case["before"])
    policy.desire(case["before"], case["twin"])
    assert repr(case["before"]) == before


def test_the_substrate_is_what_only_the_image_has():
    def packages(*names):
        return {"packages": {"items": dict.fromkeys(names, {})}}

    assert policy.substrate_of(packages("a:amd64", "b:amd64", "c:all"), packages("b:amd64")) == {
        "packages": ["a:amd64", "c:all"], "accounts": [],
    }
