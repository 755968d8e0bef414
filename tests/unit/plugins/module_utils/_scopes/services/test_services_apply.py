# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the applier decides and reads; that systemd does it is shown in tests/integration/apply."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import apply as services
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.apply import State


def state(active, sub="", result="success", status="0", job="", load="loaded"):
    return State(load, active, sub, result, status, job)


def step(goal, verb="start", key="shop.service"):
    return {"id": "services:" + key, "key": key, "verb": verb, "want": {"active": goal} if goal else None}


RUNS, DEAD, FAILED = state("active", "running"), state("inactive", "dead"), state("failed", "failed", "exit-code", "3")
LOOPS = state("activating", "auto-restart")


def test_a_block_of_systemctl_show_is_a_state():
    block = "ActiveState=active\nSubState=running\nLoadState=loaded\nResult=success\nExecMainStatus=0\nJob=17\nOther=a=b"
    assert services._state(block) == State("loaded", "active", "running", "success", "0", "17")
    assert services._state("") == State("", "", "", "", "", "")


def test_blocks_belong_to_names_in_their_order_and_a_missing_one_is_a_sentence(monkeypatch):
    monkeypatch.setattr(services, "check", lambda *_words: b"ActiveState=active\n\nActiveState=failed\n")
    shown = services._show(["systemctl"], ["b.service", "a.service"])
    assert (shown["b.service"].active, shown["a.service"].active) == ("active", "failed")
    with pytest.raises(TwinError, match="told of 2 units where 3 were asked for"):
        services._show(["systemctl"], ["a", "b", "c"])


@pytest.mark.parametrize(("goal", "verb", "now", "job"), [
    ("inactive", "stop", RUNS, "stop"), ("inactive", "stop", FAILED, "reset-failed"), ("inactive", "stop", DEAD, None),
    ("failed", "start", DEAD, "start"), ("failed", "start", RUNS, "restart"), ("failed", "start", FAILED, None), ("failed", "start", LOOPS, None),
    ("active", "start", DEAD, "start"), ("active", "start", FAILED, "start"), ("active", "start", RUNS, None),
    ("active", "restart", RUNS, "restart"), ("active", "reload", RUNS, "reload-or-restart"), ("active", "reload", DEAD, "start"),
])
def test_the_job_that_leads_to_the_goal(goal, verb, now, job):
    assert services._job(step(goal, verb), now) == job


@pytest.mark.parametrize(("now", "goal", "waited", "moves"), [
    (state("activating", "start"), "active", 30, True), (state("deactivating"), "inactive", 1, True), (LOOPS, "active", 1, False),
    (state("active", job="12"), "active", 1, True), (state("active", job="0"), "active", 1, False),
    (RUNS, "failed", 1, True), (RUNS, "failed", services.GRACE, False), (FAILED, "failed", 0, False),
])
def test_what_is_waited_for(now, goal, waited, moves):
    assert services._moving(now, goal, waited) is moves


def test_verdicts():
    for goal, now in (("active", RUNS), ("inactive", DEAD), ("failed", RUNS), ("active", DEAD)):
        assert services._verdict("shop.service", step(goal), now, []) == services.CHANGED
    assert services._verdict("shop.service", step("active"), None, []) == services.UNCHANGED
    assert services._verdict("shop.service", step("active"), FAILED, []).failed == (
        "shop.service is failed and not active (exit-code, status 3): `journalctl -u shop.service` in the twin tells more."
    )
    said = ["Failed to start shop.service: Unit shop.service not found."]
    assert services._verdict("shop.service", step("active"), state("inactive", load="not-found"), said).failed == (
        "shop.service is inactive and not active (Failed to start shop.service: Unit shop.service not found.)."
    )


def test_an_error_message_belongs_to_one_unit():
    lines = ["Job for shop.service failed.", "Job for my-shop.service failed.", "shop@a.service x", " shop.service too "]
    assert services._complaint(lines, "shop.service") == "Job for shop.service failed. / shop.service too"


def test_keys_that_name_no_unit_fail_before_systemctl_takes_them_for_a_pattern():
    done = {}
    keys = ("shop.service", "user@ula/own.timer", "*", "a b.service", "own/shop.service", "user@/x.service")
    managers = services._by_manager([step("active", key=key) for key in keys], done)
    assert {user: list(units) for user, units in managers.items()} == {"": ["shop.service"], "ula": ["own.timer"]}
    assert sorted(done) == sorted("services:" + key for key in keys[2:])
    assert done["services:*"].failed == "'*' is not the name of a unit."


class Manager:
    """A manager of one unit, which answers each job with the sockets it opens then."""

    def __init__(self, monkeypatch, opens, before=RUNS):
        self.opens, self.jobs, self.state, self.sockets = opens, [], before, opens.get("before", [])
        monkeypatch.setattr(services, "_show", lambda _systemctl, units: dict.fromkeys(units, self.state))
        monkeypatch.setattr(services, "_settle", lambda _systemctl, goals: dict.fromkeys(goals, self.state))
        monkeypatch.setattr(services, "_tell", self.tell)
        monkeypatch.setattr(services, "add_listens", self.add_listens)
        monkeypatch.setattr(services, "RELOADED", 0)
        monkeypatch.setattr(services, "STARTED", 0)

    def tell(self, _systemctl, jobs):
        for job, units in jobs.items():
            if units:
                self.jobs.append(job)
                self.state, self.sockets = RUNS, self.opens.get(job, self.sockets)
        return []

    def add_listens(self, items, _missed):
        for key, item in items.items():
            item["listens"] = [place for place in self.sockets if not key.endswith(".socket") or place in item["listens"]]


def listening(verb, *places, key="shop.service"):
    return dict(step("active", verb, key), want={"active": "active", "listens": list(places)})


A, B = "tcp 0.0.0.0:1883", "tcp 0.0.0.0:1884"


@pytest.mark.parametrize(("verb", "before", "opens", "jobs"), [
    ("reload", RUNS, {"before": [A], "reload-or-restart": [A, B]}, ["reload-or-restart"]),
    ("reload", RUNS, {"before": [A], "restart": [A, B]}, ["reload-or-restart", "restart"]),
    ("restart", RUNS, {"before": [A], "restart": [A, B]}, ["restart"]),
    ("start", DEAD, {"start": [A, B]}, ["start"]),
    ("start", RUNS, {"before": [A], "restart": [A, B]}, ["restart"]),
    ("start", RUNS, {"before": [A, B]}, []),
])
def test_a_unit_is_restarted_where_a_reload_opens_no_socket(monkeypatch, verb, before, opens, jobs):
    manager = Manager(monkeypatch, opens, before)
    done = services._bring(["systemctl"], {"shop.service": listening(verb, A, B)})
    assert manager.jobs == jobs
    assert done == {"services:shop.service": services.CHANGED if jobs else services.UNCHANGED}


def test_a_unit_that_still_listens_elsewhere_is_said_to_and_holds_nobody_up(monkeypatch):
    manager = Manager(monkeypatch, {"before": [A]})
    (done,) = services._bring(["systemctl"], {"shop.service": listening("reload", A, B)}).values()
    assert manager.jobs == ["reload-or-restart", "restart"]
    assert done == services.Done(True, "listens_differ: on the host %s, %s, in the twin %s" % (A, B, A), blocks=False)


def test_a_unit_that_fails_is_said_to_fail_and_not_to_listen_elsewhere(monkeypatch):
    manager = Manager(monkeypatch, {}, DEAD)
    monkeypatch.setattr(services, "_settle", lambda _systemctl, goals: dict.fromkeys(goals, FAILED))
    (done,) = services._bring(["systemctl"], {"shop.service": listening("start", A)}).values()
    assert manager.jobs == ["start"] and done.failed.startswith("shop.service is failed and not active")


def test_units_whose_sockets_are_no_matter_are_not_read(monkeypatch):
    Manager(monkeypatch, {})
    monkeypatch.setattr(services, "add_listens", lambda items, _missed: pytest.fail("read: %s" % sorted(items)) if items else None)
    assert services._bring(["systemctl"], {"shop.service": step("active", "reload")}) == {"services:shop.service": services.CHANGED}


def test_sockets_are_awaited_until_they_are_there(monkeypatch):
    manager = Manager(monkeypatch, {"before": []})
    monkeypatch.setattr(services, "STARTED", 3600)
    monkeypatch.setattr(services.time, "sleep", lambda _seconds: setattr(manager, "sockets", [A]))
    assert services._elsewhere({"shop.service": listening("start", A)}, services.STARTED) == {}
    assert services._elsewhere({"shop.socket": listening("start", A, key="shop.socket")}, 0) == {}
    assert services._elsewhere({"shop.socket": listening("start", B, key="shop.socket")}, 0) == {"shop.socket": []}
