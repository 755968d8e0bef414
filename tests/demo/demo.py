# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo creates a lab host and its twin, changes the host, and shows each change in the twin. Both keep running; `--down` removes them."""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import time

from changes import CHANGES, Change

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lab"))

from labkit.pair import ROOT, Pair  # noqa: E402
from labkit.shell import cache  # noqa: E402

PAIR = Pair("web1", cache() / "demo")


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stage(text: str, *argv: str, **options) -> None:
    """Print the name of a stage with its usual duration, and run it; its output shows the progress."""
    say(f"\n== {text}")
    begun = time.monotonic()
    if subprocess.run(argv, check=False, **options).returncode:
        sys.exit(f"demo: '{text}' failed; its output shows the reason. Run `make demo-down` to remove the machines, then `make demo` again.")
    say(f"   {time.monotonic() - begun:.0f} s")


def show(change: Change) -> float | None:
    """Change the host, run one cycle, and compare both machines with plain tools; seconds until they agreed, None if they differ."""
    say(f"\n-- {change.title}\n   host# {change.change.splitlines()[0]}{' …' if chr(10) in change.change else ''}")
    before = PAIR.on_host(change.probe)
    if subprocess.run(PAIR.lab("host", "exec", PAIR.host, "--", "sh", "-ec", change.change), check=False).returncode:
        say("   FAILED: the command failed on the host")
        return None
    changed = time.monotonic()
    cycle = subprocess.run(PAIR.play("sync"), env=PAIR.environment, check=False)
    seconds = time.monotonic() - changed
    host, twin = PAIR.on_host(change.probe), PAIR.on_twin(change.probe)
    arrived = host == twin and host != before and cycle.returncode == 0
    say(f"   $ {change.probe}")
    for line in host.splitlines():
        say(f"   host | {line}")
    for line in twin.splitlines():
        say(f"   twin | {line}")
    say(f"   {'the twin equals the host' if arrived else 'FAILED: the twin differs from the host'} {seconds:.1f} s after the change")
    return seconds if arrived else None


def up() -> int:
    stage("Install the packages of the lab (usually 60 s, 1 s if they are installed)", *PAIR.lab("packages"))
    stage("Start libvirt (usually 3 s)", *PAIR.lab("hypervisor", "up"))
    stage("Create a host (usually 90 s, 15 s from the cache)", *PAIR.lab("host", "up", PAIR.host))
    stage("Build the collection (usually 2 s)", *PAIR.build(), cwd=ROOT)
    stage("Install the collection (usually 2 s)", *PAIR.install(), env=PAIR.environment)
    PAIR.write_inventory(twin_roots=["/srv/shop"])
    stage("Run the first sync, which creates the twin (usually 5 min, 3 min from the image cache)", *PAIR.play("sync"), env=PAIR.environment)
    seconds = {change.title: show(change) for change in CHANGES}
    stage("Show the status of the twin", *PAIR.play("status"), env=PAIR.environment)
    say("\nSeconds from the change on the host until plain tools showed the same on both machines:")
    for title, took in seconds.items():
        say(f"  {title:44}{'FAILED' if took is None else f'{took:.1f}':>14}")
    missed = list(seconds.values()).count(None)
    say(f"{missed} of {len(CHANGES)} changes did not arrive." if missed else f"All {len(CHANGES)} changes arrived.")
    say(f"\nBoth machines keep running. To log in:\n  host: {' '.join(PAIR.lab('host', 'ssh', PAIR.host))}")
    say(f"  twin: {' '.join(PAIR.twin_ssh())}")
    say("To remove both: make demo-down")
    return 1 if missed else 0


def down() -> int:
    if PAIR.inventory.exists():
        stage("Remove the twin", *PAIR.play("uninstall"), env=PAIR.environment)
    stage("Remove the lab host", *PAIR.lab("host", "down", PAIR.host))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--down", action="store_true", help="remove the machines of the demo")
    sys.exit(down() if parser.parse_args().down else up())
