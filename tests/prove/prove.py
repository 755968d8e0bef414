# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The long proofs: `make prove PART=name` runs one and writes docs/proof/<part>.md.

A part is a module beside this one: its docstring says what is proven, COMMAND are arguments for Python, run in the repository's root with
ENVIRONMENT; it writes a JUnit report. What it records as a property of the suite is a figure of the proof. A part that was killed is run again
from its beginning; what it takes from the cache is quick then.
"""
from __future__ import annotations

import argparse
import importlib
import os
import pathlib
import platform
import subprocess
import sys
import time
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT = 150 * 60  # seconds a part may take


def parts():
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem != "prove")


def said(*argv):
    """First line of a command's output, or an empty text."""
    try:
        lines = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return lines[0].strip() if lines else ""


def versions():
    """Versions of the programs that the proof uses, by name."""
    pending = said("git", "status", "--porcelain", "--", "plugins", "roles", "playbooks")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    emulated = not os.access("/dev/kvm", os.W_OK) or said("grep", "-cE", "svm|vmx", "/proc/cpuinfo") == "0"
    return {
        "commit": said("git", "rev-parse", "HEAD") + (", and changes not committed" if pending else ""),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{os.cpu_count()} CPUs, {memory} GiB, load {os.getloadavg()[0]:.1f} before",
        "system": f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        "virtualisation": "none that works: QEMU emulates (TCG)" if emulated else "hardware",
    }


def run(name, part, report):
    """Exit status of the part; it writes its JUnit report."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    # setpriv: when we are killed, the next run does not meet this one still at work.
    command = ["setpriv", "--pdeathsig", "TERM", sys.executable, *part.COMMAND, "--junitxml", str(report), "-o", "junit_logging=no"]
    sys.stdout.write(f"prove: {name} (usually {part.USUAL} minutes)\n")
    sys.stdout.flush()
    environment = dict(os.environ, **part.ENVIRONMENT, PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False).returncode
    except subprocess.TimeoutExpired:
        return f"prove: {name} was ended: it took longer than {LIMIT // 60} minutes."


def page(name, part, report, made_with):
    """The proof as Markdown."""
    suite = ElementTree.parse(report).getroot().find("testsuite")
    cases = [(case.get("name"), float(case.get("time")), "failed" if case.find("failure") is not None or case.find("error") is not None else "passed")
             for case in suite.iter("testcase")]
    figures = [(each.get("name"), each.get("value")) for each in suite.iterfind("properties/property")]
    passed = sum(outcome == "passed" for _name, _seconds, outcome in cases)
    lines = [f"# Proof: {name}", "", part.__doc__.strip(), "", f"    make prove PART={name}", ""]
    lines += ["| made with | |", "|---|---|", *(f"| {key} | {value} |" for key, value in made_with.items()), ""]
    lines += [f"{passed} of {len(cases)} tests passed in {float(suite.get('time')) / 60:.0f} minutes.", ""]
    lines += ["| figure | |", "|---|---|", *(f"| {key} | {value} |" for key, value in figures), ""]
    # A part may say in words what its tests amount to.
    lines += part.sections({case: outcome for case, _seconds, outcome in cases}) if hasattr(part, "sections") else []
    lines += ["| test | seconds | |", "|---|---|---|", *(f"| {case} | {seconds:.1f} | {outcome} |" for case, seconds, outcome in cases)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="prove", description="Run a long proof and write what came of it.")
    parser.add_argument("part", choices=parts())
    name = parser.parse_args().part
    part = importlib.import_module(name)
    report = ROOT / "build" / "reports" / f"prove-{name}.xml"
    made_with = versions()
    status = run(name, part, report)
    if report.exists():
        target = ROOT / "docs" / "proof" / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(name, part, report, made_with), encoding="utf-8")
        sys.stdout.write(f"prove: written to {target.relative_to(ROOT)}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
