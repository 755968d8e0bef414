# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests the hypervisor's firewall on a bridge with real packets; a network namespace takes the place of a twin."""
from __future__ import annotations

import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
RUNTIME = pathlib.Path(tempfile.mkdtemp(prefix="safetytwin-"))
(RUNTIME / "safetytwin").symlink_to(ROOT / "plugins/module_utils")
sys.path.insert(0, str(RUNTIME))

from safetytwin._libvirt import firewall  # noqa: E402

BRIDGE, SPACE, HERE, THERE = "sttest0", "sttest", "198.51.100.1", "198.51.100.2"
LINKS = (
    f"ip netns add {SPACE}",
    f"ip link add {BRIDGE} type bridge",
    f"ip address add {HERE}/24 dev {BRIDGE}",
    f"ip link set {BRIDGE} up",
    f"ip link add sttest1 type veth peer name inside netns {SPACE}",
    f"ip link set sttest1 master {BRIDGE} up",
    f"ip -n {SPACE} address add {THERE}/24 dev inside",
    f"ip -n {SPACE} link set inside up",
)
# Connects to address and port within 2 s, over the protocol; a datagram is sent from the port of DHCP clients.
ASK = """
import socket, sys
kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as caller:
    caller.settimeout(2)
    if kind == "udp":
        caller.bind(("", 68))
    where = socket.getaddrinfo(address, port, type=caller.type)[0][4]
    caller.connect(where)
    if kind == "udp":
        caller.send(b"x")
"""


# Tries all TCP ports of the address, and prints those that answer.
SCAN = """
import selectors, socket, sys
for start in range(1, 65536, 800):
    with selectors.DefaultSelector() as waiting:
        for port in range(start, min(start + 800, 65536)):
            caller = socket.socket()
            caller.setblocking(False)
            if caller.connect_ex((sys.argv[1], port)) == 0:
                print(port)
            waiting.register(caller, selectors.EVENT_WRITE, port)
        for key, _events in waiting.select(0.3):
            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                print(key.data)
        for key in list(waiting.get_map().values()):
            key.fileobj.close()
"""


@pytest.fixture(name="bridge")
def fixture_bridge():
    with contextlib.ExitStack() as undo:
        undo.callback(subprocess.run, ["ip", "netns", "delete", SPACE], check=False)
        undo.callback(subprocess.run, ["ip", "link", "delete", BRIDGE], check=False)
        undo.callback(firewall.remove, BRIDGE)
        for command in LINKS:
            subprocess.run(command.split(), check=True)
        yield


def reached(kind, address, port):
    """Whether the namespace reaches a port of this machine."""
    words = ["ip", "netns", "exec", SPACE, sys.executable, "-c", ASK, kind, address, str(port)]
    return subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode == 0


def listening(family, kind, address, port):
    listener = socket.socket(family, kind)
    listener.settimeout(2)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener


def test_a_twin_reaches_no_service_of_the_hypervisor(bridge):
    with listening(socket.AF_INET6, socket.SOCK_STREAM, "::", 0) as service:
        port = service.getsockname()[1]
        assert reached("tcp", HERE, port)
        firewall.close(BRIDGE)
        assert not reached("tcp", HERE, port)
        firewall.close(BRIDGE)
        assert not reached("tcp", HERE, port)
        firewall.remove(BRIDGE)
        assert reached("tcp", HERE, port)


def inside(script, *words):
    """What a program in the namespace prints."""
    command = ["ip", "netns", "exec", SPACE, sys.executable, "-c", script, *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


@pytest.mark.exhaustive
@pytest.mark.hostile
def test_a_scan_of_all_ports_finds_none(bridge):
    with listening(socket.AF_INET, socket.SOCK_STREAM, HERE, 0) as service:
        port = str(service.getsockname()[1])
        assert port in inside(SCAN, HERE)
        firewall.close(BRIDGE)
        assert inside(SCAN, HERE) == []


def test_a_twin_reaches_the_dhcp_server(bridge):
    firewall.close(BRIDGE)
    with listening(socket.AF_INET, socket.SOCK_DGRAM, HERE, 67) as server, listening(socket.AF_INET, socket.SOCK_DGRAM, HERE, 69) as other:
        assert reached("udp", HERE, 67)
        assert server.recv(1) == b"x"
        assert reached("udp", HERE, 69), "sending needs no answer"
        with pytest.raises(socket.timeout):
            other.recv(1)


def test_the_hypervisor_reaches_the_twin(bridge):
    firewall.close(BRIDGE)
    serve = f"import socket; s = socket.create_server(('{THERE}', 62022)); print('ready', flush=True); s.accept()[0].sendall(b'hello')"
    with subprocess.Popen(["ip", "netns", "exec", SPACE, sys.executable, "-c", serve], stdout=subprocess.PIPE) as twin:
        assert twin.stdout.readline() == b"ready\n"
        with socket.create_connection((THERE, 62022), timeout=5) as connection:
            assert connection.recv(5) == b"hello"
