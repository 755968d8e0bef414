# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and twin, asked by the same plain tools, give the same answers."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest
import testinfra

NAME = "molecule1"
LAB = pathlib.Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "tests" / "lab" / "lab"
UNITS = ["molecule.service", "cron.service", "nginx.service", "redis-server.service", "shopd.service", "shop-report.timer", "echo-hello.socket"]
FILES = ["/etc/motd", "/etc/nginx/sites-available/shop", "/etc/default/shopd", "/etc/systemd/system/molecule.service", "/usr/local/bin/shopd"]


@pytest.fixture(name="host", scope="module")
def fixture_host():
    facts = json.loads(subprocess.run([LAB, "host", "info", NAME], stdout=subprocess.PIPE, check=True, timeout=60).stdout)
    options = f"-o UserKnownHostsFile={facts['known_hosts']}"
    return testinfra.get_host(f"ssh://root@{facts['address']}", ssh_identity_file=facts["key"], ssh_extra_args=options)


@pytest.fixture(name="twin", scope="module")
def fixture_twin():
    return testinfra.get_host("ssh://twin", ssh_config=f"/var/lib/safetytwin/twins/twin-{NAME}/ssh_config")


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_alike(host, twin, unit):
    command = f"systemctl show --property=LoadState,ActiveState,UnitFileState,FragmentPath,DropInPaths {unit}"
    assert twin.check_output(command) == host.check_output(command)
    assert "LoadState=loaded" in host.check_output(command)


@pytest.mark.parametrize("path", FILES)
def test_files_are_alike(host, twin, path):
    ours, theirs = host.file(path), twin.file(path)
    assert (theirs.mode, theirs.user, theirs.group, theirs.content) == (ours.mode, ours.user, ours.group, ours.content)


def entries(text):
    """{name: fields}; the order of a group's members means nothing."""
    rows = [line.split(":") for line in text.splitlines()]
    return {row[0]: row[1:-1] + [sorted(row[-1].split(","))] for row in rows}


@pytest.mark.parametrize("database", ["passwd", "group"])
def test_accounts_are_alike(host, twin, database):
    ours, theirs = (entries(machine.check_output(f"getent {database}")) for machine in (host, twin))
    # The twin's console has an account of its own.
    assert {name: entry for name, entry in theirs.items() if name != "twin"} == ours


def test_the_new_account_is_there(twin):
    assert (twin.user("molecule").uid, twin.user("molecule").shell) == (1789, "/bin/sh")


def test_the_shop_answers_in_the_twin(host, twin):
    command = "curl --silent --fail --header 'Host: shop.example' http://127.0.0.1/"
    assert twin.check_output(command) == host.check_output(command)
