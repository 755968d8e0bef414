# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the README promises, on the machines that `make demo` left running, and writes docs/benchmarks.md."""

from __future__ import annotations

import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "demo"))

import demo  # noqa: E402  the machines and how to reach them

# (kind, command on the host, plain question that both machines must answer alike); {n} makes every round another change.
ROUNDS = [
    ("file", "echo round {n} > /etc/bench-file", "cat /etc/bench-file"),
    ("mode", "touch /etc/bench-mode; chmod 06{n:02o} /etc/bench-mode", "stat -c %a /etc/bench-mode"),
    ("group", "groupadd -g 53{n:02d} bench{n}", "getent group bench{n}"),
    ("user", "useradd -u 54{n:02d} -g 53{n:02d} -c 'Bench {n}' benchuser{n}", "getent passwd benchuser{n}"),
    ("unit", "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/bench{n}.service;"
     " systemctl daemon-reload; systemctl -q enable --now bench{n}", "systemctl show bench{n} -p ActiveState -p UnitFileState"),
    ("drop-in", "mkdir -p /etc/systemd/system/shopd.service.d; printf '[Service]\\nNice={n}\\n' > /etc/systemd/system/shopd.service.d/zz-bench.conf;"
     " systemctl daemon-reload; systemctl restart shopd", "systemctl show shopd -p Nice -p ActiveState"),
    ("environment", "sed -i 's/^GREETING=.*/GREETING=round {n}/' /etc/default/shopd; systemctl restart shopd", "grep GREETING /etc/default/shopd"),
    ("vhost", "sed -i '/X-Round/d; /server_name shop.example/a add_header X-Round {n} always;' /etc/nginx/sites-available/shop; systemctl reload nginx",
     "curl -si http://127.0.0.1:8080/ | grep X-Round"),
]
REPEATS = 4
THREE = (
    "echo three > /etc/bench-three; groupadd -g 5555 benchthree; printf '[Service]\\nExecStart=/bin/sleep infinity\\n'"
    " > /etc/systemd/system/bench-three.service; systemctl daemon-reload; systemctl start bench-three",
    "cat /etc/bench-three; getent group benchthree; systemctl is-active bench-three",
)


def cycle(command: str, probe: str) -> float:
    """Seconds of the cycle that sees a change, from its start to its verified end; plain tools must agree then, and not before."""
    demo.PAIR.on_host(command)
    # A reload answers before it is done.
    end = time.monotonic() + 10
    while demo.PAIR.on_host(probe) == demo.PAIR.on_twin(probe):
        if time.monotonic() > end:
            sys.exit(f"bench: nothing to measure, the twin was so already: {command}\nStart with new machines: make demo-down, make demo.")
    begun = time.monotonic()
    done = subprocess.run(demo.PAIR.play("sync"), env=demo.PAIR.environment, stdout=subprocess.PIPE, check=False)
    seconds = time.monotonic() - begun
    host, twin = demo.PAIR.on_host(probe), demo.PAIR.on_twin(probe)
    if done.returncode or host != twin:
        sys.exit(f"bench: the change did not arrive: {command}\n{done.stdout.decode()}\nhost: {host}\ntwin: {twin}")
    demo.say(f"   {seconds:5.1f} s  {command.splitlines()[0][:100]}")
    return seconds


def p95(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def single_changes() -> list[tuple[str, str, str]]:
    rounds = [cycle(command.format(n=n), probe.format(n=n)) for n in range(1, REPEATS + 1) for _kind, command, probe in ROUNDS]
    return [(f"one change to files, units or accounts: p95 of {len(rounds)}, median", f"{p95(rounds):.1f} s, {statistics.median(rounds):.1f} s", "10 s")]


def three_at_once() -> list[tuple[str, str, str]]:
    return [("three scopes at once", f"{cycle(*THREE):.1f} s", "12 s")]


def hundred() -> list[tuple[str, str, str]]:
    rows = []
    for what, command, probe in (
        ("files", "mkdir -p /etc/bench.d; for i in $(seq {n}); do echo {n}-$i > /etc/bench.d/$i; done", "cat /etc/bench.d/* | sha256sum"),
        ("units", "for i in $(seq {n}); do printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\nEnvironment=N={n}\\n'"
         " > /etc/systemd/system/benchmany$i.service; done; systemctl daemon-reload",
         "cat /etc/systemd/system/benchmany*.service | sha256sum; systemctl show benchmany1 -p Environment"),
    ):
        one, many = cycle(command.format(n=1), probe), cycle(command.format(n=100), probe)
        rows.append((f"100 changed {what} / one", f"{many / one:.1f} ({many:.1f} s / {one:.1f} s)", "5"))
    return rows


APT = "apt-get install -qy --no-install-recommends --no-download -o Dir::State::lists=/tmp/bench/lists -o Dir::Cache=/tmp/bench/cache bc"


def package() -> list[tuple[str, str, str]]:
    """Ours from the cycle's start, fetching included. The other one as on any machine: with the host's package lists, read before, and the
    package file in apt's cache."""
    ours = cycle("apt-get install -qy --no-install-recommends bc >/dev/null 2>&1", "dpkg-query -W bc")
    cycle("apt-get purge -qy bc >/dev/null 2>&1", "dpkg-query -W bc 2>&1")
    pack = demo.PAIR.lab("host", "exec", demo.PAIR.host, "--", "tar", "-C", "/var/lib/apt", "-cf", "-", "lists")
    lists = subprocess.run(pack, capture_output=True, check=True)
    to_twin("mkdir -p /tmp/bench/cache/archives/partial && tar -C /tmp/bench -xf -", lists.stdout)
    deb = next(pathlib.Path("/var/lib/safetytwin/packages").rglob("bc_*.deb"))
    to_twin(f"cat > /tmp/bench/cache/archives/{deb.name}; DEBIAN_FRONTEND=noninteractive {APT} -s >/dev/null", deb.read_bytes())
    begun = time.monotonic()
    said = demo.PAIR.on_twin(f"DEBIAN_FRONTEND=noninteractive {APT} >/dev/null 2>&1 && dpkg-query -W bc")
    plain = time.monotonic() - begun
    demo.PAIR.on_twin("dpkg --purge bc; rm -r /tmp/bench")
    if not said.startswith("bc"):
        sys.exit(f"bench: apt-get install in the twin failed: {said}")
    what = "installing a package, fetching included / apt-get install in the guest, its lists read and the file in its cache"
    return [(what, f"{ours / plain:.2f} ({ours:.1f} s / {plain:.1f} s)", "2")]


def to_twin(command: str, content: bytes) -> None:
    subprocess.run(demo.PAIR.twin_ssh(command), input=content, check=True)


def unchanged() -> list[tuple[str, str, str]]:
    times = []
    for _round in range(5):
        begun = time.monotonic()
        subprocess.run(demo.PAIR.play("sync"), env=demo.PAIR.environment, stdout=subprocess.DEVNULL, check=True)
        times.append(time.monotonic() - begun)
    return [("an unchanged cycle, median of 5", f"{statistics.median(times):.1f} s", "-")]


def image() -> list[tuple[str, str, str]]:
    """The demo's own image, built again from a warm package cache, and then found in the image cache."""
    rows = []
    facts = f"/var/lib/safetytwin/twins/twin-{demo.PAIR.host}/image-facts.json"
    for name, state, goal in (("", "absent", ""), ("from a warm package cache", "present", "150 s"), ("from the image cache", "present", "5 s")):
        options = json.dumps({"facts": facts, "state": state, "directory": "/var/lib/safetytwin/bench-images"})
        argv = [*demo.PAIR.tool("ansible", "localhost"), "-m", "safetytwin.twin.twin_image", "-e", "ansible_python_interpreter=/usr/bin/python3", "-a", options]
        begun = time.monotonic()
        subprocess.run(argv, env=demo.PAIR.environment, stdout=subprocess.DEVNULL, check=True)
        if name:
            rows.append((f"base image {name}", f"{time.monotonic() - begun:.0f} s", goal))
    return rows


def machine() -> str:
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    return f"{os.cpu_count()} processors, Linux {platform.release().partition('-')[0]}, {qemu}, emulated (TCG) guest, commit {commit}"


STAGES = (unchanged, single_changes, three_at_once, hundred, package, image)


def main() -> None:
    chosen = sys.argv[1:]
    rows = []
    for stage in [stage for stage in STAGES if not chosen or stage.__name__ in chosen]:
        demo.say(f"\n== {stage.__name__.replace('_', ' ')}")
        rows += stage()
    table = "\n".join(f"| {what} | {measured} | {goal} |" for what, measured, goal in rows)
    text = f"# Figures\n\nMeasured by `make demo && make bench` on {machine()}.\n\n| what | measured | goal |\n|---|---|---|\n{table}\n"
    if not chosen:
        (ROOT / "docs" / "benchmarks.md").write_text(text)
    demo.say("\n" + text)


if __name__ == "__main__":
    main()
