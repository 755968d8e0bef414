# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of real processes on loopback; which unit a process belongs to is given, since systemd need not run here."""
from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import listens

LISTENER = """
import socket, sys
tcp, udp = socket.create_server(("", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
print(tcp.getsockname()[1], udp.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def units(monkeypatch):
    """{pid: unit} of the processes that belong to units; no port is dynamic."""
    found = {}
    monkeypatch.setattr(listens, "cgroup_of", lambda pid: "/system.slice/%s" % found[pid] if pid in found else "/")
    monkeypatch.setattr(listens, "dynamic_ports", lambda: range(0))
    monkeypatch.setattr(listens.os, "geteuid", lambda: 0)
    return found


@contextlib.contextmanager
def listener(units, unit):
    """(pid, its sockets) of a process of a unit."""
    with subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        tcp, udp = map(int, child.stdout.readline().split())
        units[child.pid] = unit
        yield child.pid, ["tcp 0.0.0.0:%d" % tcp, "udp 127.0.0.1:%d" % udp]
        child.communicate()


def read(items):
    missed = []
    listens.add_listens(items, missed)
    assert missed == []
    return items


def test_a_service_listens_where_its_processes_do(units):
    with listener(units, "web.service") as (_pid, first), listener(units, "web.service") as (_other, second), listener(units, "db.service") as (_db, third):
        items = read({"web.service": {"listens": []}, "db.service": {"listens": []}, "idle.service": {"listens": []}, "off.service": {"active": "inactive"}})
    assert items["web.service"] == {"listens": sorted(first + second)}
    assert items["db.service"] == {"listens": third}
    assert items["idle.service"] == {"listens": []}
    assert items["off.service"] == {"active": "inactive"}


def test_a_socket_unit_listens_where_it_was_told_and_the_kernel_does(units):
    with socket.create_server(("127.0.0.1", 0)) as stream:
        place = "tcp 127.0.0.1:%d" % stream.getsockname()[1]
        assert read({"own.socket": {"listens": [place, "tcp [::]:1"]}}) == {"own.socket": {"listens": [place]}}


def test_ports_of_the_dynamic_range_and_addresses_of_a_link_are_left_out(units, monkeypatch):
    with listener(units, "web.service") as (_pid, places):
        monkeypatch.setattr(listens, "dynamic_ports", lambda: range(int(places[0].rpartition(":")[2]), int(places[0].rpartition(":")[2]) + 1))
        assert read({"web.service": {"listens": []}}) == {"web.service": {"listens": places[1:]}}
        inodes = {inode: each._replace(place="link") for inode, each in listens.tables().items()}
        monkeypatch.setattr(listens, "tables", lambda: inodes)
        assert read({"web.service": {"listens": []}}) == {"web.service": {"listens": []}}


def test_addresses_of_the_machine_stand_apart(units, monkeypatch):
    with listener(units, "web.service") as (_pid, places):
        inodes = {inode: each._replace(place="own") if each.protocol == "tcp" else each for inode, each in listens.tables().items()}
        monkeypatch.setattr(listens, "tables", lambda: inodes)
        assert read({"web.service": {"listens": []}}) == {"web.service": {"listens": places[1:], "listens_at": places[:1]}}


def test_logins_jobs_and_ports_of_containers_are_not_the_units(units, monkeypatch):
    said = {}
    monkeypatch.setattr(listens, "_read", lambda pid, name: said.get((pid, name), ""))
    with listener(units, "ssh.service") as (pid, places):
        item = {"listens": [], "main_pid": os.getpid()}
        assert read({"ssh.service": dict(item)})["ssh.service"]["listens"] == places
        said[pid, "loginuid"] = "1000"
        assert read({"ssh.service": dict(item)})["ssh.service"]["listens"] == []
        said[os.getpid(), "loginuid"] = "1000"
        assert read({"ssh.service": dict(item)})["ssh.service"]["listens"] == places
        said[pid, "comm"] = "docker-proxy"
        assert read({"ssh.service": dict(item)})["ssh.service"]["listens"] == []


def test_a_unit_that_systemd_starts_again_and_again_says_nothing_while_it_is_young(units, monkeypatch):
    with listener(units, "crash.service") as (pid, places):
        items = {"crash.service": {"listens": [], "restarts": 3, "main_pid": pid}}
        assert read({"crash.service": dict(items["crash.service"])}) == {"crash.service": {"restarts": 3, "main_pid": pid}}
        monkeypatch.setattr(listens, "YOUNG", 0)
        assert read(items)["crash.service"]["listens"] == places


def test_the_age_of_a_process():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert 0 <= listens._age(child.pid) <= listens._age(os.getppid())
        child.communicate(b"\n")
    assert listens._age(child.pid) == 0


def test_without_root_it_is_said_and_nothing_is_claimed(monkeypatch):
    monkeypatch.setattr(listens.os, "geteuid", lambda: 1000)
    items = {"web.service": {"listens": [], "load": "loaded"}}
    missed = []
    listens.add_listens(items, missed)
    listens.add_listens({"off.service": {}}, missed)
    assert missed == ["What services listen on cannot be read by this user: run this as root (become)."]
    assert items == {"web.service": {"load": "loaded"}}


def test_a_unit_with_a_process_that_cannot_be_read_says_nothing(units, monkeypatch):
    def refuse(_pid, _known):
        raise PermissionError

    monkeypatch.setattr(listens, "held_by", refuse)
    with listener(units, "web.service"):
        assert read({"web.service": {"listens": []}, "db.service": {"listens": []}}) == {"web.service": {}, "db.service": {"listens": []}}
