# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
import subprocess
import sys

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import sockets


def test_sockets_of_a_real_process_are_found_with_their_addresses():
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.bind(("127.0.0.1", 0))
        with socket.create_connection(stream.getsockname()), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connected:
            connected.connect(datagram.getsockname())
            query = "udp 127.0.0.1:%d" % connected.getsockname()[1]
            found = {str(each) for each in sockets.by_process(sockets.tables(), [os.getpid()])[os.getpid()]}
        assert {"tcp 127.0.0.1:%d" % stream.getsockname()[1], "udp 127.0.0.1:%d" % datagram.getsockname()[1]} <= found
        assert query not in found


def test_an_address_of_ipv6_stands_in_brackets():
    assert str(sockets.Socket("tcp", "::", 80, sockets.ANY)) == "tcp [::]:80"
    assert str(sockets.Socket("udp", "0.0.0.0", 68, sockets.ANY)) == "udp 0.0.0.0:68"


def test_processes_that_are_gone_or_hold_nothing_are_left_out():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert sockets.by_process(sockets.tables(), [child.pid]) == {}
    assert sockets.by_process({}, [os.getpid()]) == {}


def test_a_process_of_another_user_is_left_out(monkeypatch):
    def refuse(_path):
        raise PermissionError

    monkeypatch.setattr(sockets.os, "listdir", refuse)
    assert sockets.by_process({}, [1]) == {}


def test_a_kernel_without_a_table_has_the_others(monkeypatch):
    monkeypatch.setattr(sockets, "TABLES", ("tcp", "tcp9"))
    with socket.create_server(("127.0.0.1", 0)) as stream:
        assert "tcp 127.0.0.1:%d" % stream.getsockname()[1] in {str(each) for each in sockets.tables().values()}


def test_ports_of_the_dynamic_range(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stream:
        assert stream.getsockname()[1] in sockets.dynamic_ports()
    monkeypatch.setattr(sockets, "RANGE", str(tmp_path / "range"))
    assert sockets.dynamic_ports() == range(32768, 61000)
    (tmp_path / "range").write_text("1024\t65535\n")
    assert sockets.dynamic_ports() == range(1024, 65536)
