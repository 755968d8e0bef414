# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies steps of units to a real systemd."""
from __future__ import annotations

import pytest
from plans import digest, step

DIRECTORY = "/etc/systemd/system/"
SLEEPS = b"[Service]\nExecStart=/bin/sleep 1000\n"
FAILS = b"[Service]\nExecStart=/bin/false\n"
FAILS_AGAIN = b"[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=1\nStartLimitIntervalSec=0\n"
SKIPPED = b"[Unit]\nConditionPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep 1000\n"
IGNORES_TERM = b"[Service]\nExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'\nTimeoutStopSec=2\n"
UNITS = {
    "t-sleeps.service": SLEEPS, "t-fails.service": FAILS, "t-again.service": FAILS_AGAIN, "t-skipped.service": SKIPPED,
    "t-stays.service": IGNORES_TERM, "t-we\\x20ird@a-b.service": SLEEPS,
}
RELOAD = step("daemon-reload", "", None)


def file(path, content):
    return step("files", path, {"type": "file", "digest": digest(content), "size": len(content), "mode": "0644", "owner": "root", "group": "root"})


def unit(name, active="active", verb="ensure"):
    return step("services", name, active and {"load": "loaded", "active": active}, verb)


def state(machine, name):
    return machine.exec("systemctl", "show", "--property=ActiveState", "--value", "--", name).strip()


def main_pid(machine, name):
    return machine.exec("systemctl", "show", "--property=MainPID", "--value", "--", name).strip()


@pytest.fixture
def units(machine):
    """The units above, loaded and not started."""
    files = [file(DIRECTORY + name, content) for name, content in UNITS.items()]
    machine.apply(*files, RELOAD, blobs=set(UNITS.values()))
    yield machine
    machine.apply(*[unit(name, None) for name in UNITS], *[step("files", DIRECTORY + name, None) for name in UNITS], RELOAD)
    assert machine.exec("systemctl", "list-units", "--all", "--no-legend", "t-*").strip() == ""


def test_every_unit_reaches_its_goal_and_then_nothing_is_done(units):
    wanted = [unit("t-sleeps.service"), unit("t-we\\x20ird@a-b.service"), unit("t-fails.service", "failed"), unit("t-again.service", "failed")]
    assert set(units.apply(*wanted).values()) == {(True, None)}
    assert state(units, "t-sleeps.service") == "active"
    assert state(units, "t-we\\x20ird@a-b.service") == "active"
    assert state(units, "t-fails.service") == "failed"
    assert set(units.apply(*wanted).values()) == {(False, None)}


def test_faults_are_the_units_own(units):
    done = units.apply(
        unit("t-fails.service"), unit("t-nowhere.service"), unit("t-*.service"), unit("t-skipped.service"), unit("t-sleeps.service"),
    )
    assert "failed and not active (exit-code, status 1)" in done["t-fails.service"][1]
    assert "not found" in done["t-nowhere.service"][1]
    assert "not the name of a unit" in done["t-*.service"][1]
    assert done["t-skipped.service"] == (True, None), "a condition that does not hold is no fault"
    assert done["t-sleeps.service"] == (True, None)


def test_restart_and_reload_are_told_by_the_verb_alone(units):
    units.apply(unit("t-sleeps.service"))
    before = main_pid(units, "t-sleeps.service")
    units.apply(unit("t-sleeps.service"))
    assert main_pid(units, "t-sleeps.service") == before
    assert units.apply(unit("t-sleeps.service", verb="restart"))["t-sleeps.service"] == (True, None)
    assert main_pid(units, "t-sleeps.service") != before
    before = main_pid(units, "cron.service")
    assert units.apply(unit("cron.service", verb="reload"))["cron.service"] == (True, None)
    assert main_pid(units, "cron.service") != "0"


def test_stopping_waits_until_it_is_over(units):
    units.apply(unit("t-stays.service"), unit("t-fails.service", "failed"))
    done = units.apply(unit("t-stays.service", "inactive"), unit("t-fails.service", "inactive"))
    assert done == {"t-stays.service": (True, None), "t-fails.service": (True, None)}
    assert state(units, "t-stays.service") in ("inactive", "failed")
    assert state(units, "t-fails.service") == "inactive"


def test_a_hundred_units_cost_few_calls(units):
    names = ["t-many@%d.service" % number for number in range(100)]
    units.apply(file(DIRECTORY + "t-many@.service", SLEEPS), RELOAD, blobs=[SLEEPS])
    try:
        assert set(units.apply(*[unit(name) for name in names]).values()) == {(True, None)}
        assert len(units.exec("systemctl", "list-units", "--state=active", "--no-legend", "t-many@*").splitlines()) == 100
    finally:
        units.apply(*[unit(name, None) for name in names], step("files", DIRECTORY + "t-many@.service", None), RELOAD)
