# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the plan of a cycle: drift, items that were tried before, work of a killed cycle, and the report."""
from __future__ import annotations

import copy

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import summary
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.reconcile_plan import outcome, read_afresh, reconcile, verdict
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT

OPTIONS = {"drift": "correct", "scopes": None, "vcpus": 2, "memory_mib": 1024, "self_host": False, "retry": False}
MOTD = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 5, "digest": "a" * 64}
UNIT = {"load": "loaded", "active": "active", "enablement": "enabled", "fragment": "/etc/systemd/system/shop.service", "can_reload": True}


def scopes(**changes):
    """Host or twin: one file, one unit, one package; changes are {scope: {key: item or None}}."""
    items = {
        "accounts": {}, "files": {"/etc/motd": MOTD}, "packages": {"bc:amd64": {"version": "1", "status": "installed", "held": False, "automatic": False}},
        "services": {"shop.service": UNIT},
    }
    for scope, keys in changes.items():
        items[scope] = {key: item for key, item in dict(items[scope], **keys).items() if item is not None}
    return {scope: {"status": "ok", "note": "", "items": found, "excluded": {}} for scope, found in items.items()}


def twin(**changes):
    return {"uuid": "u", "scopes": scopes(**changes), "substrate": {"packages": [], "accounts": []}, "given_up": {}, "boot_id": "b"}


def motd(digest):
    return {"/etc/motd": dict(MOTD, digest=digest * 64)}


NOTHING = {"files": {}, "reasons": {}}


def told(plan):
    return [(step["verb"], step["key"]) for step in plan.steps]


def carried_out(plan, actual, *results, fetched=None, scopes=None):
    """(the twin as it is recorded after a plan, what the plan came to); results are (id, failed)."""
    rows = [{"id": step_id, "changed": failed is None, "failed": failed} for step_id, failed in results]
    done = outcome(plan, fetched or NOTHING, rows, scopes or actual["scopes"])
    return dict(actual, scopes=scopes or actual["scopes"], substrate=plan.substrate, given_up=done.given_up), done


def test_nothing_to_do():
    plan = reconcile(OPTIONS, scopes(), twin())
    assert plan.steps == [] and summary.counts(plan.steps) == {}
    assert verdict(plan, {}, scopes())["percent_reproduced"] == 100.0


def test_planning_does_not_change_its_arguments():
    values = [OPTIONS, scopes(files=motd("b")), dict(twin(), substrate=None), twin(files=motd("c"))]
    before = copy.deepcopy(values)
    plan = reconcile(*values)
    outcome(plan, NOTHING, [{"id": "files:/etc/motd", "changed": False, "failed": "No room."}], values[2]["scopes"])
    assert values == before


def test_a_change_of_the_host_is_a_step_and_not_drift():
    before = twin()
    plan = reconcile(OPTIONS, scopes(files=motd("b")), twin(), before)
    assert told(plan) == [("ensure", "/etc/motd")] and plan.drift == []
    assert summary.counts(plan.steps) == {"files": 1}
    assert 'digest: "%s"' % ("b" * 64) in summary.shown(plan.steps, 5)[0]["after"]


@pytest.mark.parametrize(("policy", "steps", "paused"), [
    ("correct", [("ensure", "/etc/motd")], False), ("report", [], False), ("pause", [("ensure", "/etc/motd")], True),
])
def test_drift_is_named_and_handled_as_the_option_says(policy, steps, paused):
    plan = reconcile(dict(OPTIONS, drift=policy), scopes(), twin(files=motd("b")), twin())
    assert plan.drift == ["files /etc/motd"]
    assert told(plan) == steps
    assert bool(plan.pause) == paused


def test_reported_drift_stays_until_the_host_changes_the_item():
    actual = twin(files=motd("b"))
    plan = reconcile(dict(OPTIONS, drift="report"), scopes(), actual, twin())
    assert [row["reason"] for row in verdict(plan, plan.failures, actual["scopes"])["exceptions"]] == ["drifted"]
    actual, _done = carried_out(plan, actual)
    assert told(reconcile(OPTIONS, scopes(), actual)) == []
    assert told(reconcile(OPTIONS, scopes(files=motd("c")), actual)) == [("ensure", "/etc/motd")]
    assert told(reconcile(dict(OPTIONS, drift="report"), scopes(), actual, actual)) == []
    assert told(reconcile(OPTIONS, scopes(), actual, actual)) == [("ensure", "/etc/motd")], "an audit that is to correct does"


def test_an_item_that_failed_is_not_tried_again():
    plan = reconcile(OPTIONS, scopes(), twin(files={"/etc/motd": None}))
    actual, done = carried_out(plan, twin(files={"/etc/motd": None}), ("files:/etc/motd", "No room on the disk."))
    assert summary.sentences(done.failures) == ["files /etc/motd: Applying it failed in the twin. (No room on the disk.)"]
    again = reconcile(OPTIONS, scopes(), actual)
    assert told(again) == []
    assert again.failures == {"files": {"/etc/motd": "apply_failed: No room on the disk."}}, "the report still says why"
    assert told(reconcile(OPTIONS, scopes(files=motd("c")), actual)) == [("ensure", "/etc/motd")]
    assert told(reconcile(OPTIONS, scopes(), actual, actual)) == [("ensure", "/etc/motd")], "an audit tries again what may have passed"


def test_missing_contents_are_requested_again():
    absent = twin(files={"/etc/motd": None})
    actual, _done = carried_out(reconcile(OPTIONS, scopes(), absent), absent, ("files:/etc/motd", "content_pending: not here"))
    assert told(reconcile(OPTIONS, scopes(), actual)) == [("ensure", "/etc/motd")]


FRAGMENT = {UNIT["fragment"]: dict(MOTD, digest="f" * 64)}
LACKING = {"services": {"shop.service": dict(UNIT, active="inactive")}, "files": {UNIT["fragment"]: None}}
SKIPPED = ("services:shop.service", "dependency_failed: files %s" % UNIT["fragment"])


@pytest.mark.parametrize(("cause", "tried_again"), [("content_pending: not here", True), ("apply_failed: No room.", False)])
def test_a_skipped_item_waits_as_long_as_the_item_that_it_depends_on(cause, tried_again):
    host = scopes(files=FRAGMENT)
    plan = reconcile(OPTIONS, host, twin(**LACKING))
    assert ("start", "shop.service") in told(plan)
    actual, done = carried_out(plan, twin(**LACKING), ("files:%s" % UNIT["fragment"], cause), SKIPPED)
    assert done.failures["services"] == {"shop.service": SKIPPED[1]}
    assert (("start", "shop.service") in told(reconcile(OPTIONS, host, actual))) is tried_again
    other = scopes(files={UNIT["fragment"]: dict(MOTD, digest="e" * 64)})
    assert ("start", "shop.service") in told(reconcile(OPTIONS, other, actual)), "the host changed the file, so its unit is tried as well"


def test_a_unit_with_a_skipped_restart_is_not_reproduced():
    host = scopes(files=FRAGMENT)
    plan = reconcile(OPTIONS, host, twin(files={UNIT["fragment"]: dict(MOTD, digest="e" * 64)}))
    assert ("restart", "shop.service") in told(plan)
    _actual, done = carried_out(plan, twin(files=FRAGMENT), SKIPPED)
    rows = {row["key"]: row["reason"] for row in verdict(plan, done.failures, host)["exceptions"]}
    assert rows == {"shop.service": SKIPPED[1]}


def test_restarts_of_a_killed_cycle_are_repeated():
    plan = reconcile(OPTIONS, scopes(), twin(), None, [["shop.service", "restart"], ["gone.service", "restart"]])
    assert told(plan) == [("restart", "shop.service")]


def test_only_the_chosen_scopes():
    plan = reconcile(dict(OPTIONS, scopes=["packages"]), scopes(files=motd("b"), packages={"bc:amd64": None}), twin())
    assert told(plan) == [("remove", "bc:amd64")] and plan.rest
    assert not reconcile(OPTIONS, scopes(files=motd("b")), twin()).rest


def test_the_packages_an_image_has_beyond_its_host_are_found_once():
    actual = dict(twin(packages={"linux-image-amd64:amd64": {"version": "6", "status": "installed"}}), substrate=None)
    plan = reconcile(OPTIONS, scopes(), actual)
    assert plan.steps == [] and plan.substrate["packages"] == ["linux-image-amd64:amd64"]


@pytest.mark.parametrize(("reason", "tried_again"), [
    ("package_unavailable", False), ("package_not_fetched: apt gave no reason", False), ("repository_unreadable: 403", False),
    ("content_pending: 1 of the host's package sources", True),
])
def test_unavailable_packages_have_reasons(reason, tried_again):
    actual = twin(packages={"bc:amd64": None})
    plan = reconcile(OPTIONS, scopes(), actual)
    fetched = {"files": {}, "reasons": {"bc:amd64": reason}}
    recorded, done = carried_out(plan, actual, ("packages:bc:amd64", "Its file is missing."), fetched=fetched)
    assert [(row["key"], row["reason"]) for row in verdict(plan, done.failures, actual["scopes"])["exceptions"]] == [("bc:amd64", reason)]
    assert bool(told(reconcile(OPTIONS, scopes(), recorded))) is tried_again
    retried = tried_again or reason.startswith(("package_not_fetched", "repository_unreadable"))
    assert bool(told(reconcile(dict(OPTIONS, retry=True), scopes(), recorded))) is retried, "only a repository that answers again changes the outcome"


PLACES = ["tcp 0.0.0.0:1883", "tcp 0.0.0.0:1884"]
LISTENS = {"services": {"shop.service": dict(UNIT, listens=PLACES)}}
HALF = {"services": {"shop.service": dict(UNIT, listens=PLACES[:1])}}
TOLD = "listens_differ: on the host %s, in the twin %s" % (", ".join(PLACES), PLACES[0])


def reasons(plan, failures, after):
    return [row["reason"] for row in verdict(plan, failures, after)["exceptions"]]


def test_a_unit_that_listens_elsewhere_is_tried_once_and_degraded():
    plan = reconcile(OPTIONS, scopes(**LISTENS), twin(**HALF))
    assert told(plan) == [("reload", "shop.service")]
    actual, done = carried_out(plan, twin(**HALF), ("services:shop.service", TOLD))
    assert reasons(plan, done.failures, actual["scopes"]) == [TOLD]
    for again in (reconcile(OPTIONS, scopes(**LISTENS), actual), reconcile(OPTIONS, scopes(**LISTENS), actual, actual)):
        assert told(again) == [] and reasons(again, again.failures, actual["scopes"]) == [TOLD]
    more = {"services": {"shop.service": dict(UNIT, listens=[*PLACES, "udp 0.0.0.0:53"])}}
    assert told(reconcile(OPTIONS, scopes(**more), actual)) == [("reload", "shop.service")], "the host wants something else"
    arrived = dict(actual, scopes=scopes(**LISTENS))
    assert reconcile(OPTIONS, scopes(**LISTENS), arrived, arrived).given_up == {"services": {}}, "a daemon that was only late is right by now"


def test_a_unit_that_listens_elsewhere_is_still_started_again_where_it_ended():
    actual, _done = carried_out(reconcile(OPTIONS, scopes(**LISTENS), twin(**HALF)), twin(**HALF), ("services:shop.service", TOLD))
    ended = dict(actual, scopes=scopes(services={"shop.service": dict(UNIT, active="failed")}))
    plan = reconcile(OPTIONS, scopes(**LISTENS), ended, actual)
    assert told(plan) == [("start", "shop.service")] and plan.failures == {"services": {}}


def test_sockets_that_differ_at_the_end_are_the_reason_although_the_step_said_nothing():
    plan = reconcile(OPTIONS, scopes(**LISTENS), twin(**HALF))
    actual, done = carried_out(plan, twin(**HALF), ("services:shop.service", None))
    assert reasons(plan, done.failures, actual["scopes"]) == [TOLD]
    again = reconcile(OPTIONS, scopes(**LISTENS), actual)
    assert told(again) == [] and reasons(again, again.failures, actual["scopes"]) == [TOLD]


def test_an_address_of_the_host_is_a_reason_and_no_work():
    host = scopes(services={"shop.service": dict(UNIT, listens=[], listens_at=["udp 10.0.0.5:53"])})
    for have in ({"listens": []}, {"listens": [], "listens_at": ["udp 192.168.131.9:53"]}):
        actual = twin(services={"shop.service": dict(UNIT, **have)})
        plan = reconcile(OPTIONS, host, actual)
        assert told(plan) == [] and reasons(plan, plan.failures, actual["scopes"]) == ["address_absent: udp 10.0.0.5:53"]


@pytest.mark.parametrize("listens", [PLACES, PLACES[:1]])
def test_a_unit_without_its_configuration_is_not_restarted_and_never_reproduced(listens):
    host = scopes(**LISTENS)
    host["files"]["excluded"] = {"/etc/shop.conf": "secret_excluded"}
    actual = twin(services={"shop.service": dict(UNIT, listens=listens)})
    plan = reconcile(OPTIONS, host, actual)
    assert told(plan) == []
    report = verdict(plan, plan.failures, actual["scopes"])
    assert [(row["scope"], row["key"], row["reason"]) for row in report["exceptions"]] == [
        ("files", "/etc/shop.conf", "secret_excluded"), ("services", "shop.service", "needs_excluded: /etc/shop.conf"),
    ]
    assert (report["scopes"]["services"]["degraded"], report["percent_explained"]) == (1, 100.0)


def test_what_was_left_out_on_purpose_or_for_a_moment_costs_a_unit_nothing():
    for reason in ("identity", "vanished"):
        host = scopes(**LISTENS)
        host["files"]["excluded"] = {"/etc/shop.conf": reason}
        assert told(reconcile(OPTIONS, host, twin(**HALF))) == [("reload", "shop.service")]


def test_a_unit_whose_configuration_differs_in_the_twin_is_degraded_with_it():
    conf = {"/etc/shop.conf": MOTD}
    actual = twin(files={"/etc/shop.conf": dict(MOTD, digest="b" * 64)})
    plan = reconcile(OPTIONS, scopes(files=conf), actual)
    report = verdict(plan, {"files": {"/etc/shop.conf": "apply_failed: No room."}}, actual["scopes"])
    assert [(row["key"], row["reason"]) for row in report["exceptions"]] == [
        ("/etc/shop.conf", "apply_failed: No room."), ("shop.service", "needs_excluded: /etc/shop.conf"),
    ]


def test_a_twin_that_was_read_afresh_keeps_what_is_known_of_it():
    before = dict(twin(), given_up={"files": {}})
    assert read_afresh("u", "b2", 3, {}, before)["substrate"] == before["substrate"]
    assert read_afresh("u", "b2", 3, {}, before) == {
        "uuid": "u", "boot_id": "b2", "touched": 3, "format": FORMAT, "scopes": {}, "substrate": before["substrate"], "given_up": {"files": {}},
    }
    assert read_afresh("u", "b2", 3, {}, None)["substrate"] is None


def test_a_file_with_a_new_listener_is_one_reload_that_says_where_to_listen():
    host = scopes(files={"/etc/shop.conf": dict(MOTD, digest="b" * 64)}, **LISTENS)
    plan = reconcile(OPTIONS, host, twin(files={"/etc/shop.conf": MOTD}, **HALF))
    assert told(plan) == [("ensure", "/etc/shop.conf"), ("reload", "shop.service")]
    assert plan.steps[1]["because"] == "reloads: /etc/shop.conf changed"
    assert plan.steps[1]["want"] == {"active": "active", "listens": PLACES}
    assert plan.steps[1]["requires"] == ["files:/etc/shop.conf"]
