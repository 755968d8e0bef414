# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import deadline


@pytest.fixture
def clock(monkeypatch):
    """The time, as a list of one number."""
    now = [100.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now[0])
    return now


def test_waits_share_the_time_of_one_call(clock):
    call = deadline.Deadline(5)
    assert call.left() == 5
    clock[0] += 3
    assert call.left() == 2
    clock[0] += 2
    with pytest.raises(socket.timeout):
        call.left()


def test_every_wait_of_a_socket_ends_at_the_deadline(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener, deadline.Socket(deadline.Deadline(50)) as caller:
        listener.bind("s")
        listener.listen()
        caller.connect("s")
        clock[0] += 20
        caller.sendall(b"question")
        assert caller.gettimeout() == 30
        peer = listener.accept()[0]
        with peer:
            peer.sendall(b"answer")
            clock[0] += 10
            assert (caller.recv(3), caller.gettimeout()) == (b"ans", 20)
            clock[0] += 10
            assert (caller.recv_into(bytearray(3)), caller.gettimeout()) == (3, 10)
            clock[0] += 10
            for wait in (lambda: caller.recv(1), lambda: caller.recv_into(bytearray(1)), lambda: caller.sendall(b"x"), lambda: caller.connect("s")):
                with pytest.raises(socket.timeout):
                    wait()
