# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves on a busy host, each bounded in count and time; transient units, which nobody declared, keep it together."""
from __future__ import annotations

from docked import IMAGE

SECONDS = 300  # after which systemd ends whatever a killed test left at work
# Connects, talks and hangs up; each connection is there for a moment.
CONNECTS = """
import socket, time
server = socket.create_server(("127.0.0.1", 7007))
for number in range(1000):
    clients = [socket.create_connection(("127.0.0.1", 7007)) for _ in range(number % 5 + 1)]
    for client in clients:
        server.accept()[0].sendall(b"x" * 1000)
    time.sleep(0.3)
    for client in clients:
        client.close()
"""
LOADS = {
    "processes": ("sh", "-c", "for i in $(seq 900); do sleep 0.6 & sleep 0.3; done"),
    "connections": ("python3", "-c", CONNECTS),
    "cpu": ("sh", "-c", "for i in $(seq 600); do dd if=/dev/zero bs=1M count=10 status=none | cksum; sleep 0.4; done"),
    "jobs": ("sh", "-c", f"for i in $(seq 90); do docker run --rm {IMAGE} true; sleep 2; done"),
    "disk": ("sh", "-c", "for i in $(seq 600); do dd if=/dev/zero of=/var/tmp/load bs=1M count=2 conv=fsync status=none; sleep 0.4; done"),
}
WORK = "for i in $(seq 900); do for j in $(seq 10000); do :; done; echo $i; sleep 0.2; done"
# One ends and is started again by its policy, ever later; one works, writes its log and is asked for its health.
CONTAINERS = f"""
docker run --detach --name flaps --restart always {IMAGE} sh -c 'sleep 1; exit 1'
docker run --detach --name works --health-cmd true --health-interval 1s {IMAGE} sh -c '{WORK}'
"""
NO_CONTAINERS = "docker rm --force flaps works >/dev/null"


def start(docked):
    for name, command in LOADS.items():
        unit = ["systemd-run", "--quiet", "--collect", "--unit", "load-" + name, "--property", f"RuntimeMaxSec={SECONDS}"]
        docked.execute(*unit, *command)
    docked.change(CONTAINERS)


def stop(docked):
    docked.change("systemctl stop 'load-*'; rm -f /var/tmp/load; " + NO_CONTAINERS)
