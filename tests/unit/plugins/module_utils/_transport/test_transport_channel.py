# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel against a stand-in for ssh: a program that writes down what it was asked. A real one is in tests/integration."""
from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError, Unreachable
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import channel as transport
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program, runtime

SSH = """\
#!/bin/sh
echo "$*" >> {0}/asked
case "$*" in *" -T twin "*) exit $(cat {0}/command);; *) exit $(cat {0}/status);; esac
"""
BOOT = "9a4bd5c6-3d0c-4b0e-8d3a-000000000001"


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    monkeypatch.setattr(transport, "RUN", ".")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "ssh").write_text(SSH.format(tmp_path))
    (tools / "ssh").chmod(0o755)
    (tmp_path / "status").write_text("0")  # of what is asked of the master
    (tmp_path / "command").write_text("0")  # of what is run in the twin
    monkeypatch.setenv("PATH", "%s:/usr/bin:/bin" % tools)
    return tmp_path


@pytest.fixture
def channel(ssh):
    return transport.Channel({"domain": "twin-web1", "directory": "/srv/t", "address": "127.0.0.1", "port": 1})


def served(channel, *answers):
    """Answer calls on the channel's socket; returns what was asked."""
    heard, listener = [], socket.socket(socket.AF_UNIX)
    listener.bind(channel.local)
    listener.listen()

    def serve():
        for answer in answers:
            caller, _address = listener.accept()
            with caller:
                heard.append(caller.makefile("rb").read())
                caller.sendall(answer)
        listener.close()

    threading.Thread(target=serve, daemon=True).start()
    return heard


def asked(ssh):
    return (ssh / "asked").read_text().splitlines()


def test_a_call_sends_program_and_request_and_returns_the_reply(channel):
    heard = served(channel, program.pack({"reply": {"n": 1}}))
    assert channel.call("_ping", {"a": "\u017c"}) == {"n": 1}
    assert heard == [b'_ping\n{"a": "\\u017c"}']


def test_an_error_in_the_twin_is_raised_here(channel):
    served(channel, program.pack({"error": "Another run holds it.", "kind": "busy"}))
    with pytest.raises(Busy, match="^Another run holds it.$"):
        channel.call("_apply", {})


def test_a_call_starts_the_runtime_without_a_server(channel, ssh):
    served(channel, b"", program.pack({"reply": 2}))
    assert channel.call("_ping", {}) == 2
    assert any("safetytwin-serve" in line for line in asked(ssh))


def test_a_runtime_that_does_not_start_is_a_sentence(channel, ssh):
    (ssh / "command").write_text("1")
    served(channel, b"")
    with pytest.raises(TwinError, match="The runtime does not start in the twin twin-web1: "):
        channel.call("_ping", {})


def test_a_connection_that_ends_while_the_runtime_is_started_is_told_apart(channel, ssh):
    (ssh / "command").write_text("255")
    served(channel, b"")
    with pytest.raises(Unreachable, match="The connection to the twin twin-web1 ended: "):
        channel.call("_ping", {})


def test_a_twin_that_says_nothing_is_given_up(channel):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(channel.local)
    listener.listen()
    with pytest.raises(TwinError, match="twin-web1 .* _ping within 0 s: .* console"):
        channel.call("_ping", {}, timeout=0.2)
    listener.close()


def babbling(channel, block, pause):
    """Answer a call with a block again and again, until the caller has had enough."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(channel.local)
    listener.listen()

    def serve():
        caller, _address = listener.accept()
        with caller, contextlib.suppress(OSError):
            while True:
                caller.sendall(block)
                time.sleep(pause)
        listener.close()

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.hostile
def test_a_twin_that_sends_a_byte_now_and_then_gains_no_time(channel):
    babbling(channel, b"a", 0.02)
    with pytest.raises(TwinError, match="The twin twin-web1 did not answer _ping within 1 s"):
        channel.call("_ping", {}, timeout=1)


@pytest.mark.hostile
def test_a_twin_that_sends_without_end_is_not_heard_to_the_end(channel):
    babbling(channel, b"a" * 65536, 0)
    with pytest.raises(TwinError, match="The twin twin-web1 answered _ping with more than 22 MiB, which were not read."):
        channel.call("_ping", {}, timeout=60)


def test_a_channel_is_alive_if_its_ssh_master_runs(channel, ssh):
    assert channel.alive()
    (ssh / "status").write_text("255")
    assert not channel.alive()
    assert asked(ssh)[0] == "-F /srv/t/ssh_config -O check twin"


class Over(Exception):
    """A watch that ends the wait."""


def over():
    raise Over


@pytest.fixture
def greeting():
    """A function that has a server on the channel's port greet everybody with these words; it counts who came."""
    servers = []

    def serve(channel, words):
        came, server = [], socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        channel.endpoint = server.getsockname()

        def greet():
            with contextlib.suppress(OSError):  # the server is closed at the end
                while True:
                    caller, address = server.accept()
                    came.append(address)
                    with caller:
                        caller.sendall(words)

        threading.Thread(target=greet, daemon=True).start()
        return came

    yield serve
    for server in servers:
        server.close()


def test_a_wait_ends_when_its_watch_ends_it(channel, ssh):
    (ssh / "status").write_text("255")
    with pytest.raises(Over):
        channel.open(over)
    assert not any(" -M " in line for line in asked(ssh)), "nobody logs in where nobody listens"


def test_a_port_that_only_accepts_is_a_twin_that_boots(channel, ssh, greeting):
    (ssh / "status").write_text("255")
    came = greeting(channel, b"")
    with pytest.raises(Over):
        channel.open(over)
    assert len(came) == 1
    assert not any(" -M " in line for line in asked(ssh))


def test_a_server_that_greets_and_lets_nobody_in_does_not_answer(channel, ssh, greeting, monkeypatch):
    monkeypatch.setattr(transport, "_LOGIN", 0.5)
    monkeypatch.setattr(transport, "_SYSTEMD", "/nonexistent")
    (ssh / "status").write_text("255")
    greeting(channel, b"SSH-2.0-x\r\n")
    with pytest.raises(Over):
        channel.open(over)
    assert any(" -M " in line for line in asked(ssh))


def test_a_twin_that_comes_up_while_it_is_watched_is_entered(channel, ssh, greeting, monkeypatch):
    monkeypatch.setattr(transport, "_SYSTEMD", "/nonexistent")
    (ssh / "status").write_text("255")
    looks = []

    def watch():
        looks.append(1)
        assert len(looks) < 100
        if len(looks) == 3:
            (ssh / "status").write_text("0")
            greeting(channel, b"SSH-2.0-x\r\n")

    served(channel, program.pack({"reply": {"boot_id": BOOT}}))
    assert channel.open(watch) == BOOT
    assert len(looks) == 3


def test_a_connection_that_ended_during_a_call_is_told_apart(channel, ssh):
    (ssh / "status").write_text("255")
    served(channel, b"")
    with pytest.raises(Unreachable, match="The connection to the twin twin-web1 ended before it answered _apply"):
        channel.call("_apply", {})


def test_a_connection_that_ended_between_two_calls_is_told_apart(channel, ssh):
    (ssh / "status").write_text("255")
    with pytest.raises(Unreachable, match="ended before it answered _harvest"):
        channel.call("_harvest", {})


def test_the_socket_is_of_this_version(channel):
    assert channel.local == "./twin-web1-%s.sock" % runtime.version()
