# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pwd

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import cgroups

CONTAINER = "ab" * 32
ROW = {"pid": 7, "ppid": 1, "name": "sleep", "username": "ann"}


@pytest.mark.parametrize(("cgroup", "owner"), [
    ("/system.slice/nginx.service", "unit:nginx.service"),
    ("/system.slice/system-worker.slice/worker@a.service/child", "unit:worker@a.service"),
    ("/system.slice/docker-%s.scope" % CONTAINER, "container:abababababab"),
    ("/docker/%s" % CONTAINER, "container:abababababab"),
    ("/machine.slice/libpod-%s.scope/container" % CONTAINER, "container:abababababab"),
    ("/user.slice/user-1000.slice/session-3.scope", "session:session-3"),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service", "unit:user@ann/sync.service"),
    ("/user.slice/user-1000.slice/user@1000.service/init.scope", "unit:user@1000.service"),
    ("/", "alone:sleep"),
])
def test_owner(cgroup, owner):
    assert cgroups.owner_of(cgroup, ROW)[0] == owner


def test_kernel_threads_have_one_owner():
    assert cgroups.owner_of("/", dict(ROW, ppid=2)) == ("kernel", "kernel")


@pytest.mark.parametrize(("content", "path"), [
    ("0::/system.slice/a.service\n", "/system.slice/a.service"),
    ("12:pids:/x\n1:name=systemd:/system.slice/a.service\n0::/\n", "/system.slice/a.service"),
    ("1:name=systemd:/system.slice/a.service\n", "/system.slice/a.service"),
    ("", "/"),
])
def test_control_group_of_both_hierarchies(content, path):
    assert cgroups.parse_cgroup(content) == path


@pytest.mark.parametrize(("cgroup", "unit"), [
    ("/system.slice/nginx.service", "nginx.service"),
    ("/system.slice/_cpu.service", "cpu.service"),
    ("/system.slice/web.service/libpod-payload-%s" % CONTAINER, None),
    ("/user.slice/user-1000.slice/session-3.scope", None),
    ("/user.slice/user-0.slice/user@0.service/app.slice/sync.service", "user@%s/sync.service" % pwd.getpwuid(0).pw_name),
    ("/user.slice/user-4294967000.slice/user@4294967000.service/app.slice/sync.service", "user@4294967000/sync.service"),
    ("/init.scope", None),
    ("/", None),
])
def test_unit(cgroup, unit):
    assert cgroups.unit_of(cgroup) == unit


def test_a_process_that_is_gone_has_no_control_group():
    assert cgroups.cgroup_of(2**22 + 1) == "/"


@pytest.mark.parametrize(("name", "program"), [("sleep", "sleep"), ("memfd:runc (deleted)", "runc"), ("(deleted)", "?"), (None, "?")])
def test_a_program_that_was_started_from_memory_has_a_plain_name(name, program):
    assert cgroups.owner_of("/", dict(ROW, name=name))[0] == "alone:" + program
