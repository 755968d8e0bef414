# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab host of its own, in which the effects of a plan are real: its dpkg, its systemd, its accounts."""
from __future__ import annotations

import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import pytest
from plans import request

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAB = str(ROOT / "tests/lab/lab")
NAME = "apply"

# The runtime's form of module_utils: a package of that name, as on hosts, hypervisors and twins.
RUNTIME = pathlib.Path(tempfile.mkdtemp(prefix="safetytwin-"))
(RUNTIME / "safetytwin").symlink_to(ROOT / "plugins/module_utils")
sys.path.insert(0, str(RUNTIME))

# A lab host shares the firmware of the machine it runs on, so it cannot be proven a twin: the engine is called as _apply calls it, after the proof.
DRIVER = """
import json, sys
from safetytwin._converge.engine import converge
from safetytwin._converge.spool import open_request, spooled
tar, request = open_request(sys.stdin.buffer)
with spooled(tar) as spool:
    print(json.dumps(converge(request["plan"]["steps"], spool)))
"""


class Machine:
    """A running lab host."""

    def exec(self, *argv, stdin=b"", check=True):
        done = subprocess.run([LAB, "host", "exec", NAME, "--", *argv], input=stdin, capture_output=True, check=False, timeout=300)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done if not check else done.stdout.decode()

    def python(self, *arguments, stdin=b"", check=True):
        return self.exec("env", "PYTHONPATH=/opt/safetytwin-test", "python3", *arguments, stdin=stdin, check=check)

    def apply(self, *steps, blobs=(), packages=()):
        """{key: (changed, failed)} of a plan."""
        results, _seconds = json.loads(self.python("-c", DRIVER, stdin=request(steps, blobs, packages)))
        return {result["id"]: (result["changed"], result["failed"]) for result in results}


@pytest.fixture(scope="session")
def machine():
    subprocess.run([LAB, "host", "up", NAME], check=True, timeout=600)
    here = Machine()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(ROOT / "plugins/module_utils", "safetytwin", filter=lambda member: None if "__pycache__" in member.name else member)
    here.exec("mkdir", "-p", "/opt/safetytwin-test")
    here.exec("tar", "-xf", "-", "-C", "/opt/safetytwin-test", stdin=archive.getvalue())
    yield here
    subprocess.run([LAB, "host", "down", NAME], check=True, timeout=120)
