# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads for a busy host, each limited in number and time, in transient units."""
from __future__ import annotations

from docked import IMAGE

SECONDS = 300  # after which systemd ends whatever a killed test left at work
PORT = 7007
# Opens five more connections three times a second, talks on each, and keeps them: the number of sockets only rises, so that no two harvests agree.
CONNECTS = f"""
import resource, socket, time
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
server, kept = socket.create_server(("127.0.0.1", {PORT})), []
for number in range(1000):
    for _ in range(5):
        kept += [socket.create_connection(("127.0.0.1", {PORT})), server.accept()[0]]
        kept[-1].sendall(b"x" * 1000)
    time.sleep(0.3)
"""
LISTENS = f"until grep -q ':{PORT:04X} ' /proc/net/tcp; do sleep 0.1; done"
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
    docked.change(LISTENS)
    docked.change(CONTAINERS)


def stop(docked):
    docked.change("systemctl stop 'load-*'; rm -f /var/tmp/load; " + NO_CONTAINERS)
