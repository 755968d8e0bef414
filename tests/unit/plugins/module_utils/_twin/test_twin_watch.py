# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait for a twin of libvirt's own in-memory hypervisor, at a clock of its own; real guests are in tests/integration/twin."""
from __future__ import annotations

import json
import os

import pytest

pytest.importorskip("libvirt")

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import run  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import recovery, watch  # noqa: E402

LIMITS = recovery.Limits(patience=600, boot=40, lost=False, acts=recovery.EVERYTHING)


@pytest.fixture(name="conn")
def _conn():
    with client.connect("test:///default") as connection:
        yield connection
        dom = connection.lookupByName("twin-web1")
        if dom.isActive():
            dom.destroy()
        dom.undefine()


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test lets pass."""
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    monkeypatch.setattr(watch, "time", Clock())
    return watch.time


@pytest.fixture
def agent(monkeypatch):
    """What the guest agent was asked; it answers while answers is set. libvirt's in-memory hypervisor has none."""
    class Agent:
        asked, answers = [], False

        def __call__(self, _conn, name, command, _seconds):
            assert name == "twin-web1"
            self.asked.append(json.loads(command))
            return "{}" if self.answers else None

    Agent.asked = []
    monkeypatch.setattr(client, "agent", Agent())
    return client.agent


@pytest.fixture
def wait(conn, clock, agent, tmp_path):
    """A function that begins a wait for a defined twin which runs, unless it shall not."""
    def begin(running=True, resets=0, **limits):
        metadata = {
            "format": 2, "twin": "twin-web1", "host": "web1", "follows": True, "machine_id": "m1", "image": "d", "revision": 3, "touched": 0,
            "address": "10.62.22.9", "host_key": "", "snapshots": [],
        }
        spec = {
            "name": "twin-web1", "uuid": "9a4bd5c6-3d0c-5b0e-8d3a-000000000001", "memory": 64, "vcpus": 2,
            "disk_rate": 0, "disk_iops": 0, "accel": "tcg", "machine": "pc",
            "network": "default", "mac": "52:54:00:00:00:01", "address": "", "disk": str(tmp_path / "layer-0000.qcow2"), "seed": "/t/seed.iso", "boot": None,
            "metadata": metadata,
        }
        dom = conn.defineXML(for_test_driver(domain.build(spec)))
        if running:
            dom.create()
        kept = []
        one = watch.Watch(conn, client.find_twin(conn, "twin-web1"), LIMITS._replace(**limits), resets, lambda *words: kept.append(words))
        one.kept = kept
        return one
    return begin


@pytest.fixture(autouse=True)
def _built_for_the_test_driver(monkeypatch):
    build = domain.build
    monkeypatch.setattr(client.domain, "build", lambda spec: for_test_driver(build(spec)))


def for_test_driver(xml):
    return xml.replace('type="qemu"', 'type="test"').replace('arch="x86_64" machine="pc"', 'arch="i686" machine="pc"')


def pass_seconds(one, clock, seconds):
    for _second in range(seconds):
        clock.now += 1
        one.look()


def vcpus(conn, flags=0):
    return domain.read(conn.lookupByName("twin-web1").XMLDesc(flags))["vcpus"]


def test_a_twin_that_is_off_is_started_at_once(conn, wait, clock):
    one = wait(running=False)
    one.look()
    assert client.state(conn, "twin-web1") == "running"
    assert one.done == ["twin started: it was shutoff"]
    pass_seconds(one, clock, 38)
    assert one.boot_seconds(first=False) == 38


def test_a_twin_that_goes_down_meanwhile_is_started_again_and_not_for_ever(conn, wait, clock):
    one = wait()
    pass_seconds(one, clock, 3)
    for _time in range(recovery.BOOTS):
        conn.lookupByName("twin-web1").destroy()
        one.look()
    conn.lookupByName("twin-web1").destroy()
    with pytest.raises(TwinError, match="The twin twin-web1 was started, and is shutoff again: open its console with .virsh console twin-web1., or read /"):
        one.look()


def test_a_twin_that_is_silent_is_reset_twice_the_second_time_with_one_processor(conn, wait, clock):
    one, ids = wait(), []
    ids.append(conn.lookupByName("twin-web1").ID())
    pass_seconds(one, clock, 100)
    ids.append(conn.lookupByName("twin-web1").ID())
    assert (vcpus(conn), one.kept) == (2, [(1, False)])
    pass_seconds(one, clock, 100)
    ids.append(conn.lookupByName("twin-web1").ID())
    assert (vcpus(conn), vcpus(conn, 2), one.kept) == (1, 2, [(1, False), (2, False)]), "the definition stays"
    assert len(set(ids)) == 3
    with pytest.raises(TwinError, match="does not answer on ssh at 10.62.22.9 port 62022, and neither does its guest agent, though it was reset 2 times: "):
        pass_seconds(one, clock, 100)
    assert one.kept[-1] == (2, True)
    assert one.done == [
        "twin reset: it ran but did not answer for 100 s",
        "twin reset, with one virtual CPU until it is started next: it ran but did not answer for 100 s",
    ]
    client.switch_off(conn, "twin-web1")
    client.boot(conn, client.find_twin(conn, "twin-web1"))
    assert vcpus(conn) == 2


def test_a_console_that_grows_is_waited_for_unless_it_says_that_the_kernel_is_stuck(wait, clock):
    one = wait()
    with open(one.console, "wb") as console:
        for _second in range(200):
            console.write(b"[ 1.0] a line\n")
            console.flush()
            pass_seconds(one, clock, 1)
        assert one.done == []
        for _second in range(60):
            console.write(b"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks: { 1-... } \n")
            console.flush()
            pass_seconds(one, clock, 1)
    assert one.done == ["twin reset: it ran but did not answer for 260 s"]


def test_a_console_log_of_many_bytes_is_read_at_its_end(wait, clock):
    one = wait()
    with open(one.console, "wb") as console:
        console.write(b"detected stalls on CPUs" + b"x" * watch.TAIL)
    pass_seconds(one, clock, 1)
    assert not one.stalled
    os.truncate(one.console, 30)
    pass_seconds(one, clock, 1)
    assert one.stalled


def test_the_network_of_a_twin_whose_agent_answers_is_set_up_again_once(conn, wait, clock, agent):
    agent.answers, one = True, wait()
    pass_seconds(one, clock, 35)
    assert agent.asked[:4] == [watch.PING] * 4
    command = agent.asked[4]
    assert command["execute"] == "guest-exec"
    assert command["arguments"] == {"path": "/bin/sh", "arg": ["-c", watch.NETWORK_SCRIPT, "sh", "52:54:00:00:00:01", "10.62.22.9", "24"]}
    assert one.done == ["network of the twin set up again by its guest agent: it ran but did not answer on ssh for 35 s"]
    assert one.kept == []
    pass_seconds(one, clock, 60)
    assert one.done[1:] == ["twin reset: it ran but did not answer for 60 s"]
    assert [each["execute"] for each in agent.asked].count("guest-exec") == 1


def test_report_only_says_it(conn, wait, clock, agent):
    agent.answers, one = True, wait(acts=recovery.STARTS)
    number = conn.lookupByName("twin-web1").ID()
    with pytest.raises(TwinError, match="does not answer on ssh at .*, but its guest agent answers: open its console"):
        pass_seconds(one, clock, 101)
    assert (one.done, one.kept) == ([], [(0, True)])
    assert {each["execute"] for each in agent.asked} == {"guest-ping"}
    assert conn.lookupByName("twin-web1").ID() == number


def test_check_mode_starts_nothing(conn, wait):
    one = wait(running=False, acts=recovery.NOTHING)
    with pytest.raises(TwinError, match="is shutoff and does not answer on ssh: open its console"):
        one.look()
    assert client.state(conn, "twin-web1") == "shutoff"


def test_a_boot_is_measured_where_its_begin_was_seen(wait, clock):
    one = wait()
    pass_seconds(one, clock, 50)
    assert one.boot_seconds(first=False) is None
    assert one.boot_seconds(first=True) == 50
    pass_seconds(one, clock, 60)
    assert one.boot_seconds(first=False) == 10


def test_a_paused_twin_goes_on_which_is_no_boot(conn, wait, clock):
    one = wait()
    conn.lookupByName("twin-web1").suspend()
    one.look()
    assert client.state(conn, "twin-web1") == "running"
    assert one.done == ["twin started: it was paused"]
    assert one.boot_seconds(first=False) is None


def test_a_twin_that_was_given_up_is_looked_at_for_a_short_time(wait, clock):
    one = wait(resets=2, lost=True)
    pass_seconds(one, clock, 14)
    with pytest.raises(TwinError, match="though it was reset 2 times"):
        pass_seconds(one, clock, 1)


def test_the_script_for_the_network_is_valid():
    assert run(["sh", "-n", "-c", watch.NETWORK_SCRIPT]).rc == 0
