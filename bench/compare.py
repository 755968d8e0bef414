# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures this tree and an earlier commit in one run, in turns, on equal lab hosts, and writes docs/benchmarks-compare.md.

Each side builds and installs its own collection. A turn makes a fresh host, its twin and its store, and removes them afterwards. The first turn of
each side fills the caches and is not counted.
"""

from __future__ import annotations

import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any, NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from labkit.pair import Pair  # noqa: E402
from labkit.shell import cache  # noqa: E402

HOST = "compare1"
# What the two sides keep in different formats; images and package files are kept between turns.
STATE = pathlib.Path("/var/lib/safetytwin")
KEPT = ("store.sqlite*", "blobs", "documents", "twins")
FILE = "echo {n} > /etc/compare-file"
FILES = "mkdir -p /etc/compare.d; for i in $(seq 100); do echo {n}-$i > /etc/compare.d/$i; done"
# (name, how often in a turn, what is changed on the host before each cycle, what both machines must then say alike)
CYCLES = (
    ("an unchanged cycle", 6, "", "true"),
    ("one changed file", 5, FILE, "cat /etc/compare-file"),
    ("100 changed files", 3, FILES, "cat /etc/compare.d/* | sha256sum"),
)
LIMIT = 1.1
SECONDS = 1800  # the most that one command may take


class Cost(NamedTuple):
    """Seconds of wall time, and of CPU of the playbook and of all that it runs on this machine, which is controller and hypervisor."""

    wall: float
    cpu: float


class Side:
    """One version of the collection."""

    def __init__(self, name: str, tree: pathlib.Path) -> None:
        self.name, self.tree = name, tree
        self.pair = Pair(HOST, cache() / "compare" / name)
        self.costs: dict[str, list[Cost]] = {}

    def prepare(self) -> None:
        """Build and install the collection of this side's tree."""
        quiet(self.pair.build(), cwd=self.tree)
        quiet(self.pair.install(), env=self.pair.environment)

    def turn(self, number: int) -> None:
        """A fresh host and twin, every kind of cycle, and nothing left of them; turn 0 is only the first sync, which fills the caches."""
        say(f"\n== {self.name}, turn {number} ({'usually 4 min' if number else 'not counted, usually 2 min'})")
        try:
            costs = self.measured(number)
        finally:
            self.remove()
        if number:
            for name, found in costs.items():
                self.costs.setdefault(name, []).extend(found)

    def measured(self, number: int) -> dict[str, list[Cost]]:
        """What each kind of cycle costs, on a new host and its new twin."""
        quiet(self.pair.lab("host", "up", HOST))
        self.pair.write_inventory()
        costs = {"the first sync, its base image from the cache": [self.sync()]}
        for name, times, command, probe in CYCLES if number else ():
            costs[name] = [self.cycle(command.format(n=f"{number}.{each}"), probe) for each in range(times)]
        return costs

    def remove(self) -> None:
        """Remove the host, the twin and everything that is recorded of them."""
        quiet(self.pair.play("uninstall"), env=self.pair.environment)
        quiet(self.pair.lab("host", "down", HOST))
        for path in (path for pattern in KEPT for path in STATE.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def cycle(self, command: str, probe: str) -> Cost:
        if command:
            self.pair.on_host(command)
        cost = self.sync()
        host, twin = self.pair.on_host(probe), self.pair.on_twin(probe)
        if host != twin:
            sys.exit(f"compare: the change did not arrive with {self.name}: {command}\nhost: {host}\ntwin: {twin}")
        return cost

    def sync(self) -> Cost:
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(self.pair.play("sync"), env=self.pair.environment, stdout=subprocess.PIPE, check=False, timeout=SECONDS)
        wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"compare: a sync of {self.name} failed:\n{done.stdout.decode()}")
        cost = Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        say(f"   {cost.wall:6.1f} s, {cost.cpu:5.1f} s of CPU")
        return cost

    def lines(self) -> int:
        """Lines of Python in plugins/ that are neither blank nor comments."""
        texts = (path.read_text(encoding="utf-8") for path in (self.tree / "plugins").rglob("*.py"))
        return sum(bool(line.strip()) and not line.lstrip().startswith("#") for text in texts for line in text.splitlines())


def quiet(argv: list[str], **options: Any) -> None:
    """Run a command that has to succeed and whose output nobody needs."""
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=SECONDS, **options)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tree_of(commit: str) -> pathlib.Path:
    """A checkout of a commit below build/."""
    path = ROOT / "build" / ("compare-" + commit)
    if not path.exists():
        subprocess.run(["git", "worktree", "add", "--force", "--quiet", "--detach", str(path), commit], cwd=ROOT, check=True)
    return path


def table(before: Side, after: Side) -> str:
    rows = []
    for name, costs in after.costs.items():
        for what in Cost._fields:
            old, new = (statistics.median(getattr(cost, what) for cost in side) for side in (before.costs[name], costs))
            ratio = new / old
            rows.append(f"| {name}, {'wall time' if what == 'wall' else 'CPU'} | {len(costs)} | {old:.2f} s | {new:.2f} s | {ratio:.2f} | {LIMIT} |")
    rows.append(f"| lines of code in plugins/ | | {before.lines()} | {after.lines()} | {after.lines() / before.lines():.2f} | - |")
    return "\n".join(rows)


def machine() -> str:
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()[0]
    return f"{os.cpu_count()} processors, Linux {platform.release().partition('-')[0]}, {qemu}, emulated (TCG) guest"


def main() -> None:
    if len(sys.argv) not in (3, 4) or not sys.argv[2].isdigit() or sys.argv[3:] not in ([], ["warm"]):
        sys.exit("usage: bench/compare.py COMMIT TURNS [warm]\nCompares this tree with a commit, each in so many turns; warm: the caches are filled already.")
    if list(STATE.glob("twins/*/")):
        sys.exit(f"compare: {STATE}/twins has twins, and the two sides cannot share their store. Remove them (make demo-down), then measure.")
    commit, turns = sys.argv[1], int(sys.argv[2])
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    warm = " WARM=warm" if sys.argv[3:] else ""
    sides = (Side(commit, tree_of(commit)), Side("this tree", ROOT))
    for words in (("packages",), ("hypervisor", "up")):
        quiet(sides[1].pair.lab(*words))
    for side in sides:
        side.prepare()
    for number in range(1 if warm else 0, turns + 1):
        for side in sides:
            side.turn(number)
    text = (
        f"# This tree and commit {commit}, measured in turns\n\n"
        f"Measured by `make bench-compare BASE={commit} TURNS={turns}{warm}` on {machine()}; this tree is commit {head}. "
        f"Medians; CPU is that of the playbook and of all that it runs on controller and hypervisor, without QEMU.\n\n"
        f"| what | times | {commit} | {head} | ratio | limit |\n|---|---|---|---|---|---|\n{table(*sides)}\n"
    )
    (ROOT / "docs" / "benchmarks-compare.md").write_text(text, encoding="utf-8")
    say("\n" + text)


if __name__ == "__main__":
    main()
