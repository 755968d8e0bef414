# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner of stages: what it counts, and that nothing it started outlives it."""
from __future__ import annotations

import pathlib
import runpy
import signal
import subprocess
import sys
import time

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[1] / "tools" / "run_stages.py"


@pytest.fixture(name="tool")
def fixture_tool(tmp_path, monkeypatch):
    """The tool's names, with an empty tree of its own."""
    names = runpy.run_path(str(TOOL))
    for folder in ("logs", "reports"):
        (tmp_path / folder).mkdir()
    for name in ("run", "verdict"):
        monkeypatch.setitem(names[name].__globals__, "BUILD", tmp_path)
        monkeypatch.setitem(names[name].__globals__, "ROOT", tmp_path)
    return names


def test_stages_pass_fail_and_fail_with_what_they_need(tool):
    stage = tool["Stage"]
    outcomes = tool["run_all"]([
        stage("good", "true", 1, 10),
        stage("bad", "false", 1, 10),
        stage("late", "sleep 60", 1, 1),
        stage("dependent", "true", 1, 10, needs="bad"),
    ])
    assert {name: outcome for name, (outcome, _seconds) in outcomes.items()} == {
        "good": "passed", "bad": "failed", "late": "failed", "dependent": "failed",
    }
    assert tool["verdict"](outcomes, 3) == "===== 3 failed, 1 passed in 3.00s ====="


def test_tests_of_a_suite_are_counted(tool, tmp_path):
    (tmp_path / "reports" / "unit.xml").write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>', encoding="ascii")
    assert tool["verdict"]({"unit": ("failed", 1.0), "ruff": ("passed", 1.0)}, 2) == "===== 2 failed, 6 passed, 2 skipped in 2.00s ====="


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_stage_behind(ending, tmp_path):
    code = (
        "import runpy, signal, sys\n"
        f"names = runpy.run_path({str(TOOL)!r})\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))\n"
        f"names['wait'](names['Stage']('long', 'sh {tmp_path}/stage', 60, 60), None)\n"
    )
    (tmp_path / "stage").write_text(f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 60", encoding="ascii")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL) as runner:
        until((tmp_path / "pid").exists)
        stage = int((tmp_path / "pid").read_text(encoding="ascii"))
        runner.send_signal(ending)
    until(lambda: not running(stage))


def running(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
