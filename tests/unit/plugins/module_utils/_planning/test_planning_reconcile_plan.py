# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cycle's reasoning: drift, what was tried before, what a killed cycle left, and the verdict."""
from __future__ import annotations

import copy

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.reconcile_plan import Judgement

OPTIONS = {"drift": "correct", "scopes": None, "vcpus": 2, "memory_mib": 1024, "self_host": False}
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
    return {"uuid": "u", "scopes": scopes(**changes), "substrate": {"packages": [], "accounts": []}, "left": {}}


def motd(digest):
    return {"/etc/motd": dict(MOTD, digest=digest * 64)}


def told(judgement):
    return [(step["verb"], step["key"]) for step in judgement.steps]


def test_nothing_to_do():
    judgement = Judgement(OPTIONS, scopes(), twin())
    assert judgement.steps == [] and judgement.counts() == {}
    assert judgement.verdict(twin())["percent_reproduced"] == 100.0


def test_a_change_of_the_host_is_a_step_and_no_drift():
    before = twin()
    judgement = Judgement(OPTIONS, scopes(files=motd("b")), copy.deepcopy(before), before)
    assert told(judgement) == [("ensure", "/etc/motd")] and judgement.drift == []
    assert judgement.counts() == {"files": 1}
    assert 'digest: "%s"' % ("b" * 64) in judgement.shown(5)[0]["after"]


@pytest.mark.parametrize(("policy", "steps", "paused"), [
    ("correct", [("ensure", "/etc/motd")], False), ("report", [], False), ("pause", [("ensure", "/etc/motd")], True),
])
def test_drift_is_named_and_treated_as_asked(policy, steps, paused):
    judgement = Judgement(dict(OPTIONS, drift=policy), scopes(), twin(files=motd("b")), twin())
    assert judgement.drift == ["files /etc/motd"]
    assert told(judgement) == steps
    assert bool(judgement.pause) == paused


def test_reported_drift_is_left_until_the_host_wants_something_else():
    actual = twin(files=motd("b"))
    judgement = Judgement(dict(OPTIONS, drift="report"), scopes(), actual, twin())
    assert [row["reason"] for row in judgement.verdict(actual)["exceptions"]] == ["drifted"]
    assert told(Judgement(OPTIONS, scopes(), actual)) == []
    assert told(Judgement(OPTIONS, scopes(files=motd("c")), copy.deepcopy(actual))) == [("ensure", "/etc/motd")]
    assert told(Judgement(dict(OPTIONS, drift="report"), scopes(), actual, copy.deepcopy(actual))) == []
    assert told(Judgement(OPTIONS, scopes(), actual, copy.deepcopy(actual))) == [("ensure", "/etc/motd")], "an audit that is to correct does"


def test_what_was_tried_in_vain_is_not_tried_again():
    actual = twin(files={"/etc/motd": None})
    judgement = Judgement(OPTIONS, scopes(), actual)
    judgement.note_results([{"id": "files:/etc/motd", "changed": False, "failed": "No room on the disk."}])
    assert judgement.failed() == ["files /etc/motd: Applying it failed in the twin. (No room on the disk.)"]
    judgement.give_up(actual)
    assert told(Judgement(OPTIONS, scopes(), actual)) == []
    assert told(Judgement(OPTIONS, scopes(files=motd("c")), copy.deepcopy(actual))) == [("ensure", "/etc/motd")]
    assert told(Judgement(OPTIONS, scopes(), actual, copy.deepcopy(actual))) == [("ensure", "/etc/motd")], "an audit tries again what may have passed"


def test_contents_that_are_on_their_way_are_asked_for_again():
    actual = twin(files={"/etc/motd": None})
    judgement = Judgement(OPTIONS, scopes(), actual)
    judgement.note_results([{"id": "files:/etc/motd", "changed": False, "failed": "content_pending: not here"}])
    judgement.give_up(actual)
    assert told(Judgement(OPTIONS, scopes(), actual)) == [("ensure", "/etc/motd")]


def test_restarts_of_a_killed_cycle_are_made_up_for():
    judgement = Judgement(OPTIONS, scopes(), twin(), None, [["shop.service", "restart"], ["gone.service", "restart"]])
    assert told(judgement) == [("restart", "shop.service")]


def test_only_the_chosen_scopes():
    judgement = Judgement(dict(OPTIONS, scopes=["packages"]), scopes(files=motd("b"), packages={"bc:amd64": None}), twin())
    assert told(judgement) == [("remove", "bc:amd64")] and judgement.rest
    assert not Judgement(OPTIONS, scopes(files=motd("b")), twin()).rest


def test_the_packages_an_image_has_beyond_its_host_are_found_once():
    actual = dict(twin(packages={"linux-image-amd64:amd64": {"version": "6", "status": "installed"}}), substrate=None)
    judgement = Judgement(OPTIONS, scopes(), actual)
    assert judgement.steps == [] and actual["substrate"]["packages"] == ["linux-image-amd64:amd64"]


@pytest.mark.parametrize(("why", "reason"), [
    ("", "package_unavailable"), ("The proxy is not there.", "package_not_fetched: The proxy is not there."),
])
def test_packages_that_cannot_be_had_are_reasons(why, reason):
    actual = twin(packages={"bc:amd64": None})
    judgement = Judgement(OPTIONS, scopes(), actual)
    judgement.note_packages({"gone": {}, "unavailable": {"bc:amd64": why}})
    judgement.note_results([{"id": "packages:bc:amd64", "changed": False, "failed": "Its file is missing."}])
    assert [(row["key"], row["reason"]) for row in judgement.verdict(actual)["exceptions"]] == [("bc:amd64", reason)]
