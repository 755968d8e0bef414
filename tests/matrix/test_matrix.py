# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each supported ansible-core, on a Python that it supports: one session of noxfile.py after the other."""
from __future__ import annotations

import pathlib
import re
import runpy
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 40 * 60  # seconds a session may take
NOX = runpy.run_path(str(ROOT / "noxfile.py"))
PYTHONS = {core: shutil.which(NOX["interpreter"](python)) for core, python in NOX["CORES"].items()}
THERE = [core for core, python in PYTHONS.items() if python]


def session(name: str) -> str:
    """What a session says; it has to succeed."""
    command = ["nice", "-n", "10", "nox", "--session", name]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


def figure(core: str) -> str:
    return f"ansible-core {core}, Python {NOX['CORES'][core]}"


def test_each_version_has_its_python_or_is_named(record_testsuite_property):
    for core in PYTHONS.keys() - set(THERE):
        record_testsuite_property(figure(core), "NOT RUN: this Python is not on this machine")
    assert THERE


def test_the_oldest_version_is_the_one_that_the_collection_requires():
    required = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert required == f">={next(iter(NOX['CORES']))}.0"


@pytest.mark.parametrize("core", THERE)
def test_sanity(core, record_testsuite_property):
    said = session(f"sanity-{core}")
    tests = set(re.findall(r"^Running sanity test \"([\w-]+)\"", said, re.MULTILINE))
    exact = re.search(r"^ansible \[core ([\w.]+)\]", said, re.MULTILINE).group(1)
    assert tests
    record_testsuite_property(f"{figure(core)}: sanity", f"ansible-core {exact}, {len(tests)} tests")


@pytest.mark.parametrize("core", THERE)
def test_units(core, record_testsuite_property):
    session(f"units-{core}")
    suite = ElementTree.parse(NOX["REPORTS"] / f"units-{core}.xml").getroot().find("testsuite")
    counts = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    record_testsuite_property(f"{figure(core)}: unit tests", ", ".join(f"{number} {name}" for name, number in counts.items()))
    assert not counts["failures"] and not counts["errors"]


def test_an_older_version_is_refused_with_a_sentence(record_testsuite_property):
    session(f"refusal-{NOX['REFUSED']}")
    record_testsuite_property(f"ansible-core {NOX['REFUSED']}", "refused by every playbook with a sentence")
