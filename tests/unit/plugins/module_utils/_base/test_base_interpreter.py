# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import interpreter
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import runtime


@pytest.fixture(name="system")
def fixture_system(monkeypatch):
    """A function that says whether the Python in use is the distribution's own or that of a virtual environment."""
    def use(path, own):
        monkeypatch.setattr(sys, "executable", path)
        monkeypatch.setattr(sys, "prefix", "/usr" if own else "/opt/venv")
        monkeypatch.setattr(sys, "base_prefix", "/usr")
    return use


def test_the_advice_is_true_for_the_python_in_use(system):
    system(interpreter.SYSTEM, own=True)
    assert interpreter.advice("psutil") == "install the package python3-psutil"
    assert interpreter.advice("libvirt", alone=True) == "install the package python3-libvirt"
    system("/opt/venv/bin/python", own=False)
    assert interpreter.advice("psutil") == "install the package python3-psutil, or run '/opt/venv/bin/python -m pip install psutil'"
    assert interpreter.advice("libvirt", alone=True) == "run '/opt/venv/bin/python -m pip install libvirt-python'"


def test_a_library_is_found_without_importing_it():
    assert interpreter.missing("safetytwin_no_such_library")
    assert not interpreter.missing("json")


@pytest.mark.parametrize(("library", "other_has_it", "switched"), [
    ("safetytwin_library", True, True), ("safetytwin_library", False, False), ("json", True, False),
])
def test_a_program_continues_in_the_other_python_if_only_that_one_has_the_library(library, other_has_it, switched, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "DIRECTORY", str(tmp_path / "runtime"))
    package = tmp_path / "runtime" / runtime.version() / runtime.PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "_base").symlink_to(os.path.dirname(interpreter.__file__))
    (package / "_program.py").write_text(
        "import sys\nfrom ._base.interpreter import switch\nswitch(%r)\nprint(sys.flags.dont_write_bytecode, sys.stdin.read())\n" % library, encoding="ascii"
    )
    extra = tmp_path / "library"
    extra.mkdir()
    if other_has_it:
        (extra / "safetytwin_library.py").touch()
    other = tmp_path / "other"
    lines = ["#!/bin/sh", 'export PYTHONPATH="$PYTHONPATH:%s" PYTHONDONTWRITEBYTECODE=1' % extra, 'exec %s "$@"' % sys.executable, ""]
    other.write_text("\n".join(lines), encoding="ascii")
    other.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        ["/bin/sh", "-c", runtime.call("_program", sys.executable, str(other))], input=b"request", capture_output=True, check=True, env=environment,
    )
    assert done.stdout.decode("ascii").split() == ["1" if switched else "0", "request"]
