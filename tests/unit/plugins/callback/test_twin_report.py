# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback under a real ansible-playbook, its output compared with golden files."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
VARIANTS = {
    "line": {},
    "changes_only": {"SAFETYTWIN_REPORT_UNCHANGED": "false"},
    "json": {"SAFETYTWIN_REPORT_FORMAT": "json"},
}


@pytest.fixture(name="play")
def fixture_play(tmp_path):
    """Runs the playbook of cycles with the callback and returns (exit status, standard output, standard error)."""
    collection = tmp_path / "ansible_collections" / "safetytwin"
    collection.mkdir(parents=True)
    (collection / "twin").symlink_to(ROOT)
    program = shutil.which("ansible-playbook")
    if program is None:
        pytest.fail("ansible-playbook is not on the path: run the tests by make check.")

    def play(**environment):
        own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "false"}
        own.update(ANSIBLE_COLLECTIONS_PATH=str(tmp_path), ANSIBLE_STDOUT_CALLBACK="safetytwin.twin.twin_report", ANSIBLE_NOCOLOR="true")
        done = subprocess.run(
            [program, "-i", "localhost,", "-c", "local", str(HERE / "cycles.yml")],
            env={**own, **environment}, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return play


@pytest.mark.parametrize("variant", VARIANTS)
def test_output_is_the_golden_one(play, variant):
    status, output, errors = play(**VARIANTS[variant])
    assert output == (HERE / "golden" / (variant + ".txt")).read_text(encoding="utf-8")
    assert errors.splitlines()[-1] == "localhost  FAILED  Trouble  The twin of web1 does not answer. Start it and run sync again."
    assert status == 2
