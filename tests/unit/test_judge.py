# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of the lab's untidy host: how it reads plain tools, what it calls unnamed, and which reasons it calls untrue."""
from __future__ import annotations

import base64
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "untidy"))

import judge  # noqa: E402
import plain  # noqa: E402

SHOW = b"""\
Id=a.service
LoadState=loaded
ActiveState=activating
UnitFileState=enabled
FragmentPath=/lib/systemd/system/a.service
Type=simple
WantedBy=multi-user.target

Id=b.service
LoadState=loaded
ActiveState=active
UnitFileState=static
FragmentPath=/usr/lib/systemd/system/b.service
BusName=org.example.b

Id=c.service
LoadState=not-found
ActiveState=inactive

Id=d.service
LoadState=loaded
ActiveState=activating
Type=oneshot
RemainAfterExit=no
EnvironmentFiles=/etc/default/d (ignore_errors=yes)
EnvironmentFiles=/etc/default/e (ignore_errors=no)
%%%%
a.service enabled enabled
e.service disabled enabled
f.service alias -
"""
SOCKETS = b"""\
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=7,fd=3))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=7,fd=4))
tcp LISTEN 0 5 0.0.0.0:40001 0.0.0.0:* users:(("python3",pid=9,fd=3))
tcp LISTEN 0 511 127.0.0.1:80 0.0.0.0:* users:(("nginx",pid=11,fd=6),("nginx",pid=12,fd=6))
udp UNCONN 0 0 127.0.0.1%lo:53 0.0.0.0:*
%%%%
      7 ssh.service
      9 random.service
     11 nginx.service
     12 nginx.service
     13 -
%%%%
32768	60999
"""
EMPTY = {"packages": {}, "accounts": {}, "files": {}, "units": {}, "listening": {}, "answers": {}, "capabilities": {}, "acls": {}, "crontabs": {}}


def test_units_are_read_as_they_are_at_rest():
    table = plain.units(SHOW)
    assert table["a.service"]["ActiveState"] == "active" and table["a.service"]["FragmentPath"] == "/usr/lib/systemd/system/a.service"
    assert "ActiveState" not in table["b.service"], "only a call over D-Bus starts it"
    assert table["d.service"]["ActiveState"] == "inactive" and table["d.service"]["EnvironmentFiles"].count("/etc/default/") == 2
    assert table["e.service"] == {"ActiveState": "inactive", "UnitFileState": "disabled"}
    assert "c.service" not in table and "f.service" not in table


def test_sockets_are_those_of_units_and_random_ports_have_no_number():
    assert plain.listening(SOCKETS) == {
        "tcp 0.0.0.0:22": "ssh.service", "tcp [::]:22": "ssh.service", "tcp 0.0.0.0:dynamic of random.service": "random.service",
        "tcp 127.0.0.1:80": "nginx.service", "udp 127.0.0.1%lo:53": "nobody",
    }


def test_files_keep_names_that_are_no_text():
    listed = b"/etc/a\xe9\0f 644 root root\0\0/etc/two\nlines\0l 777 root root\0a\xe9\0/etc/d\0d 755 root root\0\0"
    table = plain.files(listed + b"%%%%\0" + b"ab" * 32 + b"  /etc/a\xe9\0")
    assert table == {"/etc/a\udce9": "f 644 root root " + "ab" * 32, "/etc/two\nlines": "l root root -> a\udce9", "/etc/d": "d 755 root root"}


def test_accounts_do_not_depend_on_the_order_of_members():
    table = plain.accounts(b"user:odd:x:999:998:Andr\xe9,:/home/odd:/bin/sh\ngroup:shop:x:12:b,a\n")
    assert table == {"user:odd": "999:998:Andr\udce9,:/home/odd:/bin/sh", "group:shop": "12:a:b"}


def test_what_no_scope_reads_is_read_here():
    assert plain.capabilities(b"/usr/bin/with space cap_net_raw=ep\n") == {"/usr/bin/with space": "cap_net_raw=ep"}
    assert plain.acls(b"# file: /etc/a\nuser::rw-\nuser:1000:rw-\n\n# file: /etc/b\nuser::r--\n\n")["/etc/a"] == "user:1000:rw- user::rw-"
    assert plain.crontabs(b"zoe\t# mine\nzoe\t* * * * * true\n") == {"zoe": "# mine\n* * * * * true"}


def test_a_request_is_answered_by_its_first_line_and_a_closed_port_by_nothing():
    def serve(listener, line):
        link, _address = listener.accept()
        link.sendall(line)
        link.close()

    keys = []
    for line in (b"HTTP/1.0 200 OK\r\n\r\n", b""):
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(listener, line), daemon=True).start()
        keys.append("tcp 127.0.0.1:%d" % listener.getsockname()[1])
    command = plain.request(dict.fromkeys(["tcp 127.0.0.1:1", "udp 127.0.0.1:2", "tcp [::]:dynamic of x.service", *keys], ""))
    answer = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    assert plain.rows(answer) == {"tcp 127.0.0.1:1": "no answer", keys[0]: "HTTP/1.0 200 OK", keys[1]: ""}


def report(*exceptions, extras=()):
    rows = [{"scope": scope, "key": key, "reason": reason} for scope, key, reason in exceptions]
    return {"exceptions": rows, "extras": [{"scope": scope, "key": key, "reason": "twin_extra"} for scope, key in extras]}


def tables(**parts):
    return {**EMPTY, **parts}


CASES = {
    "a file": ({"files": {"/etc/a\udce9": "f 1"}}, {"files": {}}, ("files", {"b64": base64.b64encode(b"/etc/a\xe9").decode()}, "secret_excluded")),
    "a file below a directory": ({"files": {"/etc/a/b": "f 1"}}, {}, ("files", "/etc/a", "identity")),
    "a package": ({"packages": {"a:all": "1 ii"}}, {"packages": {"a:all": "2 ii"}}, ("packages", "a:all", "package_version_gone")),
    "an account": ({"accounts": {"user:a": "1"}}, {}, ("accounts", "user:a", "apply_failed")),
    "a unit": ({"units": {"a.service": {"ActiveState": "active"}}}, {"units": {"a.service": {"ActiveState": "failed"}}}, ("services", "a.service", "differs")),
    "a socket": ({"listening": {"tcp *:1884": "a.service"}}, {}, ("services", "a.service", "needs_excluded")),
    "an answer": (
        {"listening": {"tcp *:80": "a.service"}, "answers": {"tcp *:80": "HTTP/1.1 200"}},
        {"listening": {"tcp *:80": "a.service"}, "answers": {"tcp *:80": "HTTP/1.1 503"}}, ("services", "a.service", "needs_excluded")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_has_to_be_named(name):
    host, twin, row = CASES[name]
    host, twin = tables(**host), tables(**twin)
    found = judge.differences(host, twin)
    assert len(found) == 1
    assert judge.unnamed(found, report(), "", host, twin) == found
    assert judge.unnamed(found, report(row), "", host, twin) == []


def test_what_only_the_twin_has_has_to_be_named_too():
    host, twin = tables(), tables(packages={"a:all": "1 ii"})
    found = judge.differences(host, twin)
    assert judge.unnamed(found, report(), "", host, twin) == found
    assert judge.unnamed(found, report(extras=[("packages", "a:all")]), "", host, twin) == []


@pytest.mark.parametrize("tool", judge.NOT_READ)
def test_what_is_not_read_has_to_be_said_on_the_screen(tool):
    host, twin = tables(**{tool: {"x": "1"}}), tables()
    found = judge.differences(host, twin)
    assert judge.unnamed(found, report(), "an old screen", host, twin) == found
    assert judge.unnamed(found, report(), "not read: file capabilities, access control lists, crontabs", host, twin) == []


def test_a_unit_that_one_machine_has_not_loaded_is_compared_by_what_both_tell():
    host, twin = {"x.service": {"ActiveState": "inactive", "UnitFileState": "static"}}, {"x.service": {"UnitFileState": "static", "User": ""}}
    assert judge.differences(tables(units=host), tables(units=twin)) == []
    twin["x.service"]["UnitFileState"] = "enabled"
    assert len(judge.differences(tables(units=host), tables(units=twin))) == 1


@pytest.mark.parametrize(("key", "owner"), [("udp *:5353", "nobody"), ("tcp *:dynamic of a.service", "a.service")])
def test_sockets_that_no_scope_reads_have_to_be_said_on_the_screen(key, owner):
    host, twin = tables(listening={key: owner}), tables()
    found = judge.differences(host, twin)
    assert judge.unnamed(found, report(), "", host, twin) == found
    assert judge.unnamed(found, report(), "not read: sockets of the kernel and of login sessions, and dynamic ports", host, twin) == []


def test_a_target_that_nobody_enabled_is_no_item():
    host = tables()
    for state, number in (("static", 0), ("enabled", 1)):
        twin = tables(units={"x.target": {"UnitFileState": state}})
        assert len(judge.unnamed(judge.differences(host, twin), report(), "", host, twin)) == number


def silent(_command):
    return ""


TRUTHS = {
    "a file that is not there": (("services", "a.service", "needs_excluded: /etc/a/a.cfg"), {"files": {"/etc/a/a.cfg": "f 1"}}, {}, silent, silent),
    "a package that is not there": (("services", "a.service", "needs_excluded: package a"), {"packages": {"a:all": "1"}}, {}, silent, silent),
    "a secret": (("files", "/etc/a", "secret_excluded: a password"), {"files": {"/etc/a": "f 1"}}, {}, lambda command: "2", silent),
    "another version": (
        ("packages", "a:all", "package_version_gone"), {"packages": {"a:all": "1 ii"}}, {}, lambda command: " a | 2 | http://example.org", silent),
    "no version": (("packages", "a:all", "package_unavailable"), {}, {}, silent, silent),
    "a pipe": (("files", "/etc/p", "special_file"), {"files": {"/etc/p": "p 644"}}, {}, silent, silent),
    "a smaller machine": (("hardware", "memory", "hardware_capped"), {}, {}, lambda command: "2", lambda command: "1"),
    "another package": (("packages", "a:all", "twin_substrate"), {"packages": {"a:all": "1"}}, {"packages": {"a:all": "2"}}, silent, silent),
    "another socket": (("services", "a.service", "listens_differ: x"), {"listening": {"tcp *:1": "a.service"}}, {}, silent, silent),
    "an address of the host": (("services", "a.service", "address_absent: tcp 192.0.2.1:53"), {}, {}, silent, lambda command: "127.0.0.1"),
    "files that are not there": (
        ("services", "a.service", "needs_excluded: /etc/a b and 1 more"), {"files": {"/etc/a b": "f 1"}}, {"files": {"/etc/a b": "f 2"}}, silent, silent),
    "a file for passwords": (("files", "/etc/shadow", "secret_excluded"), *[{"files": {"/etc/shadow": "f 1"}}] * 2, silent, silent),
    "a condition": (("services", "a.timer", "condition_differs"), {}, {}, lambda command: "yes active", lambda command: "no inactive"),
    "an identity": (("files", "/etc/hostname", "identity"), {}, {}, silent, silent),
}
LIES = {
    "a file that is there": (("services", "a.service", "needs_excluded: /etc/a/a.cfg"), *[{"files": {"/etc/a/a.cfg": "f 1"}}] * 2, silent, silent),
    "a file that nobody has": (("services", "a.service", "needs_excluded: /etc/a/a.cfg"), {}, {}, silent, silent),
    "no secret": (("files", "/etc/a", "secret_excluded"), {"files": {"/etc/a": "f 1"}}, {}, lambda command: "0", silent),
    "a secret that the twin has": (("files", "/etc/a", "secret_excluded"), *[{"files": {"/etc/a": "f 1"}}] * 2, lambda command: "2", silent),
    "a version that is offered": (
        ("packages", "a:all", "package_version_gone"), {"packages": {"a:all": "1 ii"}}, {}, lambda command: " a | 1 | http://example.org", silent),
    "a package that is offered": (("packages", "a:all", "package_unavailable"), {}, {}, lambda command: " a | 1 | http://example.org", silent),
    "the same": (("packages", "a:all", "twin_substrate"), *[{"packages": {"a:all": "1"}}] * 2, silent, silent),
    "a code that is not checked": (("files", "/etc/a", "differs"), {}, {}, silent, silent),
    "an identity of nobody": (("files", "/etc/motd", "identity"), {}, {}, silent, silent),
    "the same sockets": (("services", "a.service", "listens_differ: x"), *[{"listening": {"tcp *:1": "a.service"}}] * 2, silent, silent),
    "an address that both have": (("services", "a.service", "address_absent: tcp [fd00::1]:53"), {}, {}, silent, lambda command: "::1 fd00::1"),
    "a condition that holds on both": (("services", "a.timer", "condition_differs"), {}, {}, silent, silent),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_a_reason_with_its_cause_is_true(name):
    row, host, twin, on_host, on_twin = TRUTHS[name]
    assert judge.untrue(report(row), judge.Machines(tables(**host), tables(**twin), on_host, on_twin)) == []


@pytest.mark.parametrize("name", LIES)
def test_a_reason_without_its_cause_is_untrue(name):
    row, host, twin, on_host, on_twin = LIES[name]
    assert len(judge.untrue(report(row), judge.Machines(tables(**host), tables(**twin), on_host, on_twin))) == 1


def test_what_only_the_twin_has_is_not_on_the_host():
    machines = judge.Machines(tables(), tables(files={"/etc/x": "f"}), silent, silent)
    assert judge.untrue(report(extras=[("files", "/etc/x")]), machines) == []
    assert len(judge.untrue(report(extras=[("files", "/etc/y")]), machines)) == 1
