# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An unchanged host has the same state in every harvest under any load; what changes is telemetry."""
from __future__ import annotations

import time

import loads
import pytest

HARVESTS, PAUSE = 20, 0.6  # in all some 25 s


@pytest.fixture(name="replies", scope="module")
def fixture_replies(docked):
    """20 harvests under load, and the files in the collection's directory after the first and after the last."""
    loads.start(docked)
    try:
        replies, kept = [], []
        for _number in range(HARVESTS):
            replies.append(docked.harvest(telemetry=True))
            kept.append(docked.on_host("stat -c '%n %i %y' /run/safetytwin/*"))
            time.sleep(PAUSE)
        yield replies, kept, docked
    finally:
        loads.stop(docked)


def moved(values):
    """Number of values that differ from the one before."""
    return sum(one != other for one, other in zip(values, values[1:]))


def item(reply, scope, key):
    return reply["scopes"][scope]["items"][key]


def test_every_harvest_has_the_same_digest(replies):
    assert len({reply["digest"] for reply in replies[0]}) == 1, differing(replies[0])
    for reply in replies[0]:
        assert {body["status"] for body in reply["scopes"].values()} == {"ok"}
        assert {"container:docker/flaps", "container:docker/works"} <= set(reply["scopes"]["containers"]["items"])


def differing(replies):
    """The items that differ between harvests, for the message of a failed test."""
    from safetytwin._scopes import state

    return [state.delta(one["scopes"], other["scopes"]) for one, other in zip(replies, replies[1:]) if one["digest"] != other["digest"]]


def test_nothing_new_to_remember_is_written(replies):
    assert "stamps.json" in replies[1][0]
    assert len(set(replies[1])) == 1


def test_processes_and_their_work_moved(replies):
    groups = [reply["telemetry"]["processes"]["groups"] for reply in replies[0]]
    pids = [sorted(pid for process in group["unit:load-processes.service"]["processes"] for pid in process["pids"]) for group in groups]
    assert moved(pids) == HARVESTS - 1
    load = [reply["telemetry"]["load"] for reply in replies[0]]
    assert moved([each["cpu_seconds"]["user"] for each in load]) == HARVESTS - 1
    assert moved([each["disks"] for each in load]) > HARVESTS / 2


def test_connections_moved(replies):
    load = [reply["telemetry"]["load"] for reply in replies[0]]
    for values in ([each["sockets"]["tcp"]["inuse"] for each in load], [each["nics"]["lo"]["received_bytes"] for each in load]):
        assert values == sorted(set(values)), "each is more than the one before"


def test_a_timer_moved(replies):
    fired = [item(reply, "services", "ticks.timer")["last_trigger"] for reply in replies[0]]
    assert moved(fired) > 5 and len(set(fired)) == moved(fired) + 1, "it fired again and again, and time went on"


def test_containers_moved(replies):
    flaps = [item(reply, "containers", "container:docker/flaps") for reply in replies[0]]
    assert {each["running"] for each in flaps} == {True}, "wanted, and started again by its policy"
    assert len({each["state"]["started"] for each in flaps}) > 2
    assert len({each["state"]["pid"] for each in flaps}) > 2
    works = replies[2].inspect("works")["Id"][:12]
    seconds = [reply["telemetry"]["processes"]["groups"]["container:" + works]["cpu_seconds"] for reply in replies[0]]
    assert moved(seconds) > 4
    checks = replies[2].inspect("works")["State"]["Health"]["Log"]
    assert checks[0]["Start"] > flaps[0]["state"]["started"], "its health was asked for again and again"
    assert replies[2].inspect("flaps")["RestartCount"] > 2, "as Docker says"
