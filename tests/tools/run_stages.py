# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stages of `make check` or `make test`, says how long each took, and counts the tests.

Each stage is a command with a usual duration and a limit. All stages run, whatever fails; only what needs a stage that failed
fails with it. Output of quiet stages goes to build/logs and is shown when they fail, and they run beside each other; talkative ones are shown as
they run, and each runs alone.
"""
from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PACKAGE = "ansible_collections.safetytwin.twin.plugins"


@dataclasses.dataclass(frozen=True)
class Stage:
    """One step of the proof; usual and limit are seconds."""

    name: str
    command: str
    usual: int
    limit: int
    needs: str = ""
    talks: bool = False


CHECK = [
    Stage("ansible-lint", "ansible-lint --offline --profile production", 30, 180),
    Stage("ruff", "ruff check .", 1, 60),
    Stage("yamllint", "yamllint --strict .", 2, 60),
    Stage("mypy", f"mypy -p {PACKAGE}.module_utils -p {PACKAGE}.plugin_utils", 10, 120),
    Stage("generated", "tests/tools/generated", 1, 60),
    Stage("changelog", "antsibull-changelog lint", 1, 60),
    Stage("docs", "tests/tools/lint_docs", 10, 120),
    Stage("unit", "pytest --numprocesses auto --dist loadfile --junitxml build/reports/unit.xml tests/unit", 75, 600),
]
TEST = [
    Stage("lab packages", "tests/lab/lab packages", 30, 1200, talks=True),
    Stage("hypervisor", "tests/lab/lab hypervisor up", 5, 120, needs="lab packages"),
    *CHECK,
    Stage("sanity", "tests/tools/ansible_test sanity", 120, 900),
    Stage("galaxy", "tests/tools/galaxy", 15, 180),
    # Destructive as ansible-test means it: they make twins, networks and directories of their own, and remove them.
    Stage("targets", "tests/tools/ansible_test integration --allow-destructive", 60, 900, needs="hypervisor", talks=True),
    Stage("galaxy", "tests/tools/galaxy", 15, 180),
    # The all-in-one machine is a proof of its own: make prove PART=allinone.
    Stage(
        "integration",
        "pytest --junitxml build/reports/integration.xml --verbose -m 'not exhaustive' --ignore tests/integration/allinone tests/integration",
        1200, 3900, needs="hypervisor", talks=True,
    ),
    # Molecule installs the collection itself, as users do; the checkout must not stand before it.
    Stage("molecule", "env --unset=ANSIBLE_COLLECTIONS_PATH molecule test --all", 240, 1500, needs="hypervisor", talks=True),
]


def main():
    parser = argparse.ArgumentParser(description="Run the stages of a tier.")
    parser.add_argument("tier", choices=["check", "test"])
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="these alone")
    options = parser.parse_args()
    stages = [stage for stage in (CHECK if options.tier == "check" else TEST) if not options.stages or stage.name in options.stages]
    os.chdir(ROOT)
    prepare()
    begun = time.monotonic()
    outcomes = run_all(stages)
    table(outcomes)
    say(verdict(outcomes, time.monotonic() - begun))
    return 1 if any(outcome == "failed" for outcome, seconds in outcomes.values()) else 0


def prepare():
    """Fresh reports, the checkout where tools look for collections, and our tools before the machine's."""
    for name in ("logs", "reports"):
        shutil.rmtree(BUILD / name, ignore_errors=True)
        (BUILD / name).mkdir(parents=True)
    link = BUILD / "collections" / "ansible_collections" / "safetytwin" / "twin"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    cache = pathlib.Path(os.environ.get("SAFETYTWIN_CACHE") or home / "safetytwin")
    os.environ.update(ANSIBLE_COLLECTIONS_PATH=str(BUILD / "collections"), ANSIBLE_HOME=str(cache / "ansible"), ANSIBLE_NOCOLOR="1", NO_COLOR="1")


def run_all(stages):
    """Run stages in their order, quiet ones beside each other; returns {name: (outcome, seconds)}."""
    outcomes, waiting, running = {}, list(stages), []
    try:
        while waiting or running:
            while waiting and may_begin(waiting[0], running):
                stage = waiting.pop(0)
                say(f"[{len(stages) - len(waiting)}/{len(stages)}] {stage.name} (usually {stage.usual} s)")
                running.append(Run(stage, outcomes))
            for run in [run for run in running if run.ended()]:
                running.remove(run)
                outcomes[run.stage.name] = (run.outcome(), time.monotonic() - run.begun)
                say(f"{run.stage.name}: {outcomes[run.stage.name][0]} in {outcomes[run.stage.name][1]:.1f} s")
            time.sleep(0.05)
    finally:
        for run in running:
            run.end()
    return outcomes


def may_begin(stage, running):
    """Whether a stage may run beside those that run: quiet ones do, as many as there are CPUs; a talkative one runs alone."""
    alone = stage.talks or any(run.stage.talks or run.stage.name == stage.needs for run in running)
    return not running or (not alone and len(running) < (os.cpu_count() or 1))


class Run:
    """One run of a stage's command; one that outlives its limit, or us, is ended with all it started."""

    def __init__(self, stage, outcomes):
        self.stage, self.begun, self.process, self.late = stage, time.monotonic(), None, False
        if outcomes.get(stage.needs, ("passed", 0))[0] != "passed":
            say(f"{stage.name} needs {stage.needs}, which did not pass.")
            return
        self.log = BUILD / "logs" / (stage.name.replace(" ", "-") + ".log")
        # setpriv: even if we are killed without a word, the next run does not meet this stage still at work.
        command = ["setpriv", "--pdeathsig", "TERM", *shlex.split(stage.command)]
        with contextlib.nullcontext() if stage.talks else open(self.log, "wb") as output:
            errors = None if stage.talks else subprocess.STDOUT
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True)

    def ended(self):
        """Whether the command is over; one that took longer than its limit is ended here."""
        if self.process is not None and self.process.poll() is None and time.monotonic() - self.begun > self.stage.limit:
            say(f"{self.stage.name} was ended: it took longer than {self.stage.limit} s.")
            self.late = True
            self.end()
        return self.process is None or self.process.poll() is not None

    def end(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=30)

    def outcome(self):
        """passed or failed; the output of a quiet stage that failed is shown."""
        passed = self.process is not None and self.process.returncode == 0 and not self.late
        if not passed and self.process is not None and not self.stage.talks:
            say(self.log.read_text(encoding="utf-8", errors="replace"))
        return "passed" if passed else "failed"


def table(outcomes):
    say("")
    width = max(map(len, outcomes))
    for name, (outcome, seconds) in outcomes.items():
        say(f"{name:<{width}}  {outcome:<8}  {seconds:7.1f} s")


def verdict(outcomes, seconds):
    """The closing line, as pytest has it: every test of a suite counts, and every other stage as one."""
    counts = {"failed": 0, "passed": 0, "skipped": 0}
    for name, (outcome, _seconds) in outcomes.items():
        report = BUILD / "reports" / (name + ".xml")
        found = suite(report) if report.exists() else {}
        for kind in found:
            counts[kind] += found[kind]
        if not found.get("failed") and (outcome == "failed" or not found):
            counts[outcome] += 1
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number or kind == "passed")
    return f"===== {told} in {seconds:.2f}s ====="


def suite(report):
    """Counts of a JUnit report."""
    element = ElementTree.parse(report).getroot().find("testsuite")
    number = {name: int(element.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    return {"failed": failed, "passed": number["tests"] - failed - number["skipped"], "skipped": number["skipped"]}


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # A killed run ends its stage too.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
