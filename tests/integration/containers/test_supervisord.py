# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a real supervisord are services with the same state as supervisorctl reports."""
from __future__ import annotations

import pytest
from docked import until

STATES = "supervisorctl status | awk '{print $1, $2}'"


def told(docked):
    items = docked.harvest()["scopes"]["services"]["items"]
    return {name.partition(":")[2]: item for name, item in items.items() if name.startswith("supervisor:")}


@pytest.fixture
def supervised(docked):
    until(lambda: "shop:queue RUNNING" in docked.on_host(STATES), "supervisord kept its program")
    yield docked
    docked.on_host("supervisorctl start shop:queue")


def test_programs_and_their_states_are_told(supervised):
    found = told(supervised)
    assert {name: item["sub_state"].upper() for name, item in found.items()} == dict(line.split() for line in supervised.on_host(STATES).splitlines())
    assert (found["shop:queue"]["active"], found["oneshot"]["active"]) == ("active", "inactive")
    assert str(found["shop:queue"]["main_pid"]) == supervised.on_host("supervisorctl pid shop:queue")


def test_a_stopped_program_is_reported(supervised):
    supervised.change("supervisorctl stop shop:queue")
    assert told(supervised)["shop:queue"]["active"] == "inactive"


def test_a_supervisord_that_hangs_costs_no_other_service(supervised):
    """What was known of it stays known: silence must not look like programs removed."""
    before = told(supervised).keys()
    supervised.change("kill -STOP $(cat /run/supervisord.pid)")
    try:
        services = supervised.harvest()["scopes"]["services"]
    finally:
        supervised.change("kill -CONT $(cat /run/supervisord.pid)")
    assert services["status"] == "ok" and "does not answer" in services["note"], services["note"]
    assert {name.partition(":")[2] for name in services["items"] if name.startswith("supervisor:")} == before
    assert services["items"]["cron.service"]["active"] == "active"
