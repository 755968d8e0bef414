# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a lab host, its twin, and changes that arrive before your eyes. It leaves both running; `--down` removes them."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from changes import CHANGES, Change

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("SAFETYTWIN_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "safetytwin")
HOST = "web1"
BIN = pathlib.Path(sys.executable).parent


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stage(text: str, *argv: str, **options) -> None:
    """Run one stage, named with its usual duration; its own lines are its progress."""
    say(f"\n== {text}")
    begun = time.monotonic()
    if subprocess.run(argv, check=False, **options).returncode:
        sys.exit(f"demo: '{text}' failed; what it printed says why. `make demo-down` removes what is there, and `make demo` starts again.")
    say(f"   {time.monotonic() - begun:.0f} s")


def lab(*words: str) -> list[str]:
    return [str(ROOT / "tests" / "lab" / "lab"), *words]


def on_host(command: str) -> str:
    return _said(lab("host", "exec", HOST, "--", "sh", "-c", command))


def on_twin_argv(command: str) -> list[str]:
    return ["ssh", "-F", f"/var/lib/safetytwin/twins/twin-{HOST}/ssh_config", "twin", command]


def on_twin(command: str) -> str:
    return _said(on_twin_argv(command))


def _said(argv: list[str]) -> str:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode(errors="replace").strip()


def play(name: str, *more: str) -> list[str]:
    return [str(BIN / "ansible-playbook"), f"safetytwin.twin.{name}", "-i", str(CACHE / "demo" / "inventory.yml"), *more]


def environment() -> dict[str, str]:
    return dict(
        os.environ, ANSIBLE_COLLECTIONS_PATH=str(CACHE / "demo" / "collections"), ANSIBLE_STDOUT_CALLBACK="safetytwin.twin.twin_report",
        ANSIBLE_PIPELINING="true", ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_HOME=str(CACHE / "demo" / "ansible"),
    )


def install_collection() -> None:
    """As a user would: build the tarball, install it into an empty path."""
    target, galaxy = CACHE / "demo" / "collections", str(BIN / "ansible-galaxy")
    shutil.rmtree(target, ignore_errors=True)
    stage("Build the collection (usually 2 s)", galaxy, "collection", "build", "--force", "--output-path", str(target), cwd=ROOT)
    tarball = str(next(target.glob("safetytwin-twin-*.tar.gz")))
    stage("Install it (usually 2 s)", galaxy, "collection", "install", "-p", str(target), "--offline", tarball, env=environment())


def write_inventory() -> None:
    """The user's part; JSON is YAML."""
    facts = json.loads(_said(lab("host", "info", HOST)))
    host = {
        "ansible_host": facts["address"], "ansible_user": "root", "ansible_ssh_private_key_file": facts["key"],
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={facts['known_hosts']}", "twin_roots": ["/srv/shop"],
    }
    (CACHE / "demo" / "inventory.yml").write_text(json.dumps({"all": {"children": {"twin_hosts": {"hosts": {HOST: host}}}}}, indent=2))


def show(change: Change) -> bool:
    """Make one change, let one cycle pass, and ask plain tools on both machines; True when they agree."""
    say(f"\n-- {change.title}\n   host# {change.change.splitlines()[0]}{' …' if chr(10) in change.change else ''}")
    before = on_host(change.probe)
    if subprocess.run(lab("host", "exec", HOST, "--", "sh", "-ec", change.change), check=False).returncode:
        say("   THE HOST ITSELF COULD NOT BE CHANGED")
        return False
    changed = time.monotonic()
    cycle = subprocess.run(play("sync"), env=environment(), check=False)
    seconds = time.monotonic() - changed
    host, twin = on_host(change.probe), on_twin(change.probe)
    arrived = host == twin and host != before and cycle.returncode == 0
    say(f"   $ {change.probe}")
    for line in host.splitlines():
        say(f"   host | {line}")
    for line in twin.splitlines():
        say(f"   twin | {line}")
    say(f"   {'the twin matched' if arrived else 'THE TWIN DOES NOT MATCH'} {seconds:.1f} s after the change")
    return arrived


def up() -> int:
    (CACHE / "demo").mkdir(parents=True, exist_ok=True)
    stage("Packages of the lab (usually 60 s, 1 s when they are there)", *lab("packages"))
    stage("libvirt (usually 3 s)", *lab("hypervisor", "up"))
    stage("A host to mirror (usually 90 s, 15 s from the cache)", *lab("host", "up", HOST))
    install_collection()
    write_inventory()
    stage("The first sync: base image, twin, everything in it (usually 5 min, 3 min from the image cache)", *play("sync"), env=environment())
    missed = [change.title for change in CHANGES if not show(change)]
    stage("How true is it?", *play("status"), env=environment())
    say(f"\nBoth machines are left running:\n  host: {' '.join(lab('host', 'ssh', HOST))}")
    say(f"  twin: ssh -F /var/lib/safetytwin/twins/twin-{HOST}/ssh_config twin")
    say("Remove both: make demo-down")
    if missed:
        say(f"\n{len(missed)} of {len(CHANGES)} changes did not arrive: {', '.join(missed)}")
        return 1
    say(f"\nAll {len(CHANGES)} changes arrived.")
    return 0


def down() -> int:
    if (CACHE / "demo" / "inventory.yml").exists():
        stage("Remove the twin", *play("uninstall"), env=environment())
    stage("Remove the lab host", *lab("host", "down", HOST))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--down", action="store_true", help="remove what the demo made")
    sys.exit(down() if parser.parse_args().down else up())
