# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel against a stand-in for ssh: a program that writes down what it was asked. A real one is in tests/integration."""
from __future__ import annotations

import socket
import threading
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import channel as transport
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program, runtime


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    monkeypatch.setattr(transport, "RUN", ".")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "ssh").write_text('#!/bin/sh\necho "$*" >> %s/asked\nexit $(cat %s/status)\n' % (tmp_path, tmp_path))
    (tools / "ssh").chmod(0o755)
    (tmp_path / "status").write_text("0")
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
    (ssh / "status").write_text("1")
    served(channel, b"")
    with pytest.raises(TwinError, match="The runtime does not start in the twin twin-web1: "):
        channel.call("_ping", {})


def test_a_twin_that_says_nothing_is_given_up(channel):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(channel.local)
    listener.listen()
    with pytest.raises(TwinError, match="twin-web1 .* _ping within 0 s: .* console"):
        channel.call("_ping", {}, timeout=0.2)
    listener.close()


def test_a_channel_is_alive_if_its_ssh_master_runs(channel, ssh):
    assert channel.alive()
    (ssh / "status").write_text("255")
    assert not channel.alive()
    assert asked(ssh)[0] == "-F /srv/t/ssh_config -O check twin"


def test_waiting_ends_in_a_sentence(channel):
    with pytest.raises(TwinError, match="does not answer on ssh at 127.0.0.1 port 1: .* console"):
        channel._wait(lambda: False, time.monotonic() - 1)
    assert not channel._listening()


def test_the_socket_is_of_this_version(channel):
    assert channel.local == "./twin-web1-%s.sock" % runtime.version()
