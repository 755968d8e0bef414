# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine that does not run, and one that does not answer: the scope reports it in a sentence within its time limit."""
from __future__ import annotations

import pytest
from docked import START, until

SILENT = "The scope containers could not be read: Reading docker failed: /run/docker.sock does not answer: timed out."


@pytest.fixture
def stopped(docked):
    docked.change("systemctl stop docker docker.socket")
    yield docked
    docked.change(START)


@pytest.fixture
def idle(docked):
    """The engine is stopped; a connection to its socket would start it."""
    docked.change("systemctl stop docker; systemctl start docker.socket")
    yield docked
    docked.change(START)


@pytest.fixture
def frozen(docked):
    """The engine accepts connections and does not answer."""
    docked.change("kill -STOP $(cat /run/docker.pid)")
    yield docked
    docked.change("kill -CONT $(cat /run/docker.pid)")
    until(lambda: docked.on_host("docker version >/dev/null 2>&1 && echo answers") == "answers", "Docker answered again")


def test_no_engine_is_an_empty_scope_that_says_so(stopped):
    result, said = stopped.module("host_container_facts")
    assert (result["status"], result["ansible_facts"]["host_containers"]) == ("empty", {}), said
    assert result["note"] == "No Docker or Podman runs on this machine."
    scopes = stopped.harvest()["scopes"]
    assert (scopes["containers"]["status"], scopes["containers"]["items"], scopes["containers"]["note"]) == ("empty", {}, result["note"])
    assert scopes["services"]["items"]["docker.service"]["active"] != "active"


def test_asking_starts_no_engine(idle):
    assert idle.harvest()["scopes"]["containers"]["status"] == "empty"
    assert idle.on_host("systemctl is-active docker.socket docker.service").split() == ["active", "inactive"]


def test_an_engine_that_hangs_fails_its_scope_alone(frozen):
    scopes = frozen.harvest()["scopes"]
    assert scopes.pop("containers") == {"status": "failed", "note": SILENT, "items": {}, "excluded": {}}
    assert {scope: body["status"] for scope, body in scopes.items()} == dict.fromkeys(("accounts", "files", "hardware", "packages", "services"), "ok")
    assert scopes["services"]["items"]["docker.service"]["active"] == "active"


def test_the_module_says_it_in_a_sentence(frozen):
    result, said = frozen.module("host_container_facts")
    assert "FAILED!" in said and result["msg"] == SILENT.partition(": ")[2]
    assert "Traceback" not in said
