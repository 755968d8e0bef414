# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that the runner of stages counts tests and leaves no process, and that two builds of the tarball are identical."""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import tarfile
import time

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[1] / "tools" / "run_stages.py"


@pytest.fixture(name="tool")
def fixture_tool(tmp_path, monkeypatch):
    """The tool's names, with an empty tree of its own."""
    names = runpy.run_path(str(TOOL))
    for folder in ("logs", "reports"):
        (tmp_path / folder).mkdir()
    for name in ("run_all", "verdict"):
        monkeypatch.setitem(names[name].__globals__, "BUILD", tmp_path)
        monkeypatch.setitem(names[name].__globals__, "ROOT", tmp_path)
    return names


def test_stages_pass_or_fail_and_dependent_stages_fail_too(tool):
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


def test_a_quoted_part_of_a_command_is_one_argument(tool):
    assert tool["run_all"]([tool["Stage"]("quoted", "test 'two words' = 'two words'", 1, 10)])["quoted"][0] == "passed"


@pytest.mark.parametrize(("talks", "met"), [(False, True), (True, False)])
def test_quiet_stages_run_beside_each_other_and_talkative_ones_alone(tool, tmp_path, monkeypatch, talks, met):
    """Each stage leaves a mark while it runs, and the first waits for the mark of the second."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    stage, mark = tool["Stage"], tmp_path / "mark"
    first = stage("first", f"sh -c 'for turn in 1 2 3 4 5 6 7 8 9; do test -e {mark} && exit; sleep 0.2; done; exit 1'", 1, 10)
    outcomes = tool["run_all"]([first, stage("second", f"touch {mark}", 1, 10, talks=talks)])
    assert {name: outcome for name, (outcome, _seconds) in outcomes.items()} == {"first": "passed" if met else "failed", "second": "passed"}


def test_a_failure_shows_what_a_quiet_stage_printed(tool, capsys):
    tool["run_all"]([tool["Stage"]("bad", "sh -c 'echo the cause; exit 1'", 1, 10)])
    assert "the cause" in capsys.readouterr().out


def test_tests_of_a_suite_are_counted(tool, tmp_path):
    (tmp_path / "reports" / "unit.xml").write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>', encoding="ascii")
    assert tool["verdict"]({"unit": ("failed", 1.0), "ruff": ("passed", 1.0)}, 2) == "===== 2 failed, 6 passed, 2 skipped in 2.00s ====="


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_stage_behind(ending, tmp_path):
    code = (
        "import runpy, signal, sys\n"
        f"names = runpy.run_path({str(TOOL)!r})\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))\n"
        f"names['run_all']([names['Stage']('long', 'sh {tmp_path}/stage', 60, 60, talks=True)])\n"
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


def collection_tarball(names, seconds):
    """A tarball as ansible-galaxy builds it: files in any order, with the time of the build."""
    entries = [{"name": name, "ftype": "file", "chksum_sha256": "0" * 64, "format": 1} for name in names]
    files = json.dumps({"files": entries, "format": 1}).encode("ascii")
    manifest = {"collection_info": {"name": "twin"}, "file_manifest_file": {"chksum_sha256": hashlib.sha256(files).hexdigest()}, "format": 1}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=seconds) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        contents = {"MANIFEST.json": json.dumps(manifest).encode("ascii"), "FILES.json": files, **{name: name.encode("ascii") for name in names}}
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), seconds
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_two_builds_of_a_tarball_are_the_same_bytes():
    make = runpy.run_path(str(TOOL.with_name("dist.py")))["reproducible"]
    builds = [collection_tarball(names, seconds) for names, seconds in ((["b", "a"], 1000), (["a", "b"], 2000))]
    first, second = (make(build, 1234) for build in builds)
    assert builds[0] != builds[1] and first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert tar.getnames() == ["MANIFEST.json", "FILES.json", "a", "b"]
        assert {member.mtime for member in tar.getmembers()} == {1234}
        assert tar.extractfile("b").read() == b"b"
        listed = tar.extractfile("FILES.json").read()
        assert json.load(tar.extractfile("MANIFEST.json"))["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(listed).hexdigest()
