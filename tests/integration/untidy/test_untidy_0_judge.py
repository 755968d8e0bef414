# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain tools judge the report about an untidy host: each difference is named, each reason has its cause."""
from __future__ import annotations

import shlex

import pytest
from following import until

VERSIONS = "dpkg-query -W -f '${Package} ${Version}\\n' untidy-web untidy-tool"
PORTS = "ss -Hltn | awk '{print $4}' | sed 's/.*://' | sort -un | grep -x -e 188."


@pytest.fixture(scope="module")
def report(untidy):
    """{(scope, key): reason} of what the first sync reports."""
    return untidy.reasons()


def test_the_host_is_untidy(untidy):
    """What the tests here rely on; a tidy host would let all of them pass."""
    host = untidy.tables("host")
    assert {"/usr/local/bin/untidy-capable", "/etc/untidy.d/acl.conf"} <= host["capabilities"].keys() | host["acls"].keys()
    assert "zoe" in host["crontabs"]
    assert {"/etc/untidy.d/latin\udce9.conf", "/etc/untidy.d/two\nlines.conf", "/etc/untidy.d/deep \udce9/x"} <= host["files"].keys()
    assert {"tcp 0.0.0.0:8081", "tcp 0.0.0.0:8404", "tcp 0.0.0.0:1884", "tcp 0.0.0.0:dynamic of random-port.service"} <= host["listening"].keys()
    assert host["answers"]["tcp 0.0.0.0:8081"] == "HTTP/1.1 200 OK"
    assert host["units"]["untidy@one\\x2dtwo.service"]["ActiveState"] == "active"
    assert host["packages"]["untidy-web:all"].split()[0] == "1.1" and "busybox-static:amd64" in host["packages"]


def test_plain_tools_find_nothing_that_the_report_does_not_name_and_no_reason_without_its_cause(untidy):
    assert untidy.judged() == ([], [])


def test_versions_come_from_the_repository_that_has_them(untidy, report):
    """A security update beside the older version, and the older of two suites; what is gone is called gone."""
    assert untidy.both(VERSIONS) == "untidy-tool 1.0\nuntidy-web 1.1"
    assert report["packages", "untidy-gone:all"].startswith("package_version_gone")


def test_a_unit_whose_configuration_was_left_out_is_not_called_reproduced(report):
    assert report["files", "/etc/haproxy/haproxy.cfg"].startswith("secret_excluded")
    reason = report["services", "haproxy.service"]
    assert reason.startswith("needs_excluded") and "/etc/haproxy/haproxy.cfg" in reason


def test_a_port_that_nobody_chose_is_no_difference(untidy, report):
    assert ("services", "random-port.service") not in report
    untidy.change("systemctl restart random-port.service")
    until(lambda: "unchanged" in untidy.synced(), "the twin settled")


def test_a_listener_that_only_a_restart_opens_is_open_in_the_twin_as_well(untidy):
    """mosquitto is told to reload by its package's unit, and opens no port then."""
    untidy.change("sed -i 's/^listener .*/listener 1885/' /etc/mosquitto/conf.d/held.conf && systemctl restart mosquitto")
    until(lambda: "1885" in untidy.on_host(PORTS), "the host listened")
    untidy.synced()
    assert untidy.both(PORTS) == "1885"
    assert "unchanged" in untidy.synced()


def test_what_is_read_nowhere_is_said(untidy):
    screen = untidy.done(untidy.play("status"))
    for words in ("file capabilities", "access control lists", "crontabs"):
        assert words in screen


def test_odd_names_of_files_units_and_people_arrive(untidy):
    untidy.both("getent passwd zoe odd")
    untidy.both("cd /etc/untidy.d && find . -printf '%p %y %m %l\\0' | sort -z | base64")
    assert untidy.both("systemctl is-active " + shlex.quote("untidy@one\\x2dtwo.service") + " untidy-odd:name_1.service") == "active\nactive"
