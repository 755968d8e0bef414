# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import collect as services

UNIT = {"Id": "a.service", "Names": "a.service", "LoadState": "loaded", "ActiveState": "active", "WantedBy": "multi-user.target"}


@pytest.fixture
def unbooted(monkeypatch):
    """A machine on which systemd does not run, whatever this one does."""
    found = {"supervisor": {"supervisor:web": {"load": "loaded", "active": "active", "main_pid": 7}}}

    def supervisor():
        if "silent" in found:
            raise TwinError("supervisord is silent.")
        return found["supervisor"]

    monkeypatch.setattr(services.os.path, "isdir", lambda _path: False)
    monkeypatch.setattr(services.other, "supervisor", supervisor)
    monkeypatch.setattr(services.other, "snaps", dict)
    monkeypatch.setattr(services.other, "init_scripts", lambda: {"sysv:cron": {"load": "loaded", "enablement": "enabled"}})
    return found


def test_without_systemd_the_others_are_read(unbooted):
    context = Context()
    body = services.collect(context)
    assert sorted(body["items"]) == ["supervisor:web", "sysv:cron"]
    assert body["status"] == "ok"
    assert context.missed == ["Whether the services of init scripts run is unknown: only the scripts could tell, and they are not executed."]
    assert body["note"] == "systemd does not run on this machine. " + context.missed[0]
    assert list(services.collect(Context(only=["sysv:cron"]))["items"]) == ["sysv:cron"]


def test_a_source_that_is_silent_for_a_moment_looks_like_nothing_removed(unbooted):
    cache = {}
    services.collect(Context(cache=cache))
    unbooted["silent"] = True
    context = Context(cache=cache)
    body = services.collect(context)
    assert body["items"]["supervisor:web"] == {"load": "loaded", "active": "active"}
    assert context.missed[0] == "supervisord is silent." and context.missed[0] in body["note"]


def test_nothing_at_all_is_empty(unbooted, monkeypatch):
    unbooted["supervisor"] = {}
    monkeypatch.setattr(services.other, "init_scripts", dict)
    assert services.collect(Context())["status"] == "empty"


def test_show_asks_once_and_not_for_nothing(monkeypatch):
    asked = []

    def check(argv, _doing, **_options):
        asked.append(argv)
        return b"Id=a.service\nLoadState=loaded\n"

    monkeypatch.setattr(services, "check", check)
    assert services.show(["systemctl"], []) == {}
    assert services.show(["systemctl"], ["b.service", "a.service"]) == {"a.service": {"Id": "a.service", "LoadState": "loaded"}}
    assert [argv[-3:] for argv in asked] == [["--", "a.service", "b.service"]]


def test_a_few_units_are_read_as_all_of_them_are(monkeypatch):
    """Package scripts are followed by a look at every loaded unit: slices and scopes are no items then, either."""
    asked = []

    def show(_command, names):
        asked.extend(names)
        return {name: dict(UNIT, Id=name) for name in names}

    monkeypatch.setattr(services, "show", show)
    monkeypatch.setattr(services, "scan", lambda: None)
    monkeypatch.setattr(services, "wanted_targets", lambda _tree: {"web.target"})
    monkeypatch.setattr(services, "admin_mounts", lambda _tree: {"srv.mount"})
    found = services._only(["a.service", "system-a.slice", "web.target", "all.target", "srv.mount", "proc.mount", "sysv:cron"], set())
    assert sorted(found) == sorted(asked) == ["a.service", "srv.mount", "web.target"]


def test_activating_units_are_read_again(monkeypatch):
    monkeypatch.setattr(services, "PAUSE", 0)
    answers = [dict(UNIT, ActiveState="activating"), dict(UNIT, ActiveState="active")]
    monkeypatch.setattr(services, "show", lambda _command, names: {name: answers.pop(0) for name in names})
    units = services._at_rest({"a.service": dict(UNIT, ActiveState="activating"), "b.service": dict(UNIT, Id="b.service")}, set())
    assert units["a.service"]["ActiveState"] == "active"
    assert answers == []


def test_units_that_are_not_loaded_are_read_once_per_stamp(monkeypatch):
    asked = []

    def show(_command, names):
        asked.append(sorted(names))
        return {name: dict(UNIT, Id=name) for name in names}

    monkeypatch.setattr(services, "show", show)
    tree = types.SimpleNamespace(stamp="1", names={"a.service": "/a", "off.service": "/off", "x.mount": "/x"}, linked=set(), templates={})
    cache, loaded = {}, {"a.service": UNIT}
    assert list(services._kept(cache, tree, loaded, set())) == ["off.service"]
    services._kept(cache, tree, loaded, set())
    tree.stamp = "2"
    services._kept(cache, tree, loaded, set())
    assert asked == [["off.service"], [], ["off.service"]]
