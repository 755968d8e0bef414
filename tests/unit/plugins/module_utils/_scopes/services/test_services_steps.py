# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import PlanContext, step_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import steps as services

RUNS = {"load": "loaded", "active": "active"}


def unit(have, want, key="shop.service", fields=("active",)):
    return Change("services", key, have, want, fields)


def made(*changes, reached=None, desired=None, actual=None, earlier=()):
    states = [{"services": {"items": items or {}}} for items in (desired, actual)]
    return services.steps(PlanContext(list(changes), reached or {}, *states, {step["id"]: step for step in earlier}))


@pytest.mark.parametrize(("have", "want", "verb", "batch"), [
    ({"active": "inactive"}, {"active": "active"}, "start", "services.run"), (None, {"active": "active"}, "start", "services.run"),
    ({"active": "active"}, {"active": "inactive"}, "stop", "services.run"), ({"active": "failed"}, {"active": "inactive"}, "reset-failed", "services.run"),
    ({"active": "active"}, {"active": "failed"}, "restart", "services.run"), ({"active": "active"}, None, "stop", "services.stop"),
])
def test_verbs(have, want, verb, batch):
    assert [(step["verb"], step["batch"]) for step in made(unit(have, want))] == [(verb, batch)]


def test_no_step_where_activity_is_open_or_equal():
    assert made(unit({"active": "active"}, {"load": "loaded"}), unit({"load": "x", "active": "active"}, RUNS, "b.service", ("load2",))) == []
    assert made(unit({"active": "inactive"}, None)) == []


def test_a_condition_is_tried_again_only_when_something_changed():
    change, actual = unit({"active": "inactive"}, RUNS), {"shop.service": {"active": "inactive", "condition": False}}
    assert made(change, actual=actual) == []
    file = step_of(Change("files", "/etc/x", None, {"type": "file"}, ()), "files.place", "ensure", "")
    assert [step["verb"] for step in made(change, actual=actual, earlier=[file])] == ["start"]


def test_unit_files_have_systemd_reload_first():
    file = step_of(Change("files", "/etc/systemd/system/shop.service", None, {"type": "file"}, ()), "files.place", "ensure", "")
    user = step_of(Change("accounts", "user:shop", None, {"uid": 1}, ()), "accounts.ensure", "ensure", "")
    package = step_of(Change("packages", "shop:all", None, {"version": "1"}, ()), "packages.change", "ensure", "")
    item = dict(RUNS, fragment="/etc/systemd/system/shop.service", user="shop", package="shop")
    found = made(
        Change("files", "/etc/systemd/system/shop.service", None, {"type": "file"}, ()), unit(None, item), desired={"shop.service": item},
        earlier=[file, user, package],
    )
    assert [step["id"] for step in found] == [services.RELOAD_ID, "services:shop.service"]
    assert found[1]["requires"] == sorted(["files:/etc/systemd/system/shop.service", "accounts:user:shop", "packages:shop:all", services.RELOAD_ID])


def test_a_change_of_mode_reloads_nothing():
    assert made(Change("files", "/etc/systemd/system/a.service", {"mode": "0600"}, {"mode": "0644"}, ("mode",))) == []


def test_affected_units_have_their_reasons():
    both = {"shop.service": RUNS}
    steps = made(reached={"shop.service": {"verb": "reload", "because": ["files:/etc/shop.conf", "files:/etc/b"]}}, desired=both, actual=both)
    assert [(step["verb"], step["because"]) for step in steps] == [("reload", "reloads: /etc/shop.conf changed (and 1 more)")]


def test_a_unit_that_listens_elsewhere_is_told_so_and_where_it_is_to_listen():
    desired, actual = {"shop.service": dict(RUNS, listens=["tcp 0.0.0.0:80"])}, {"shop.service": dict(RUNS, listens=[])}
    reach = {"shop.service": {"verb": "reload", "because": ["services:shop.service"]}}
    change = unit(actual["shop.service"], desired["shop.service"], fields=("listens",))
    (step,) = made(change, reached=reach, desired=desired, actual=actual)
    assert (step["verb"], step["because"]) == ("reload", "reloads: it listens elsewhere than on the host")
    assert (step["want"], step["have"]) == ({"active": "active", "listens": ["tcp 0.0.0.0:80"]}, {"active": "active", "listens": []})
    reach["shop.service"]["because"].insert(0, "files:/etc/shop.conf")
    assert [step["because"] for step in made(change, reached=reach, desired=desired, actual=actual)] == ["reloads: /etc/shop.conf changed"]
