# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction, pythons


def test_an_action_without_a_result_cannot_be_made():
    class Unfinished(ProgramAction):
        PROGRAM = "_ping"

    with pytest.raises(TypeError, match="_result"):
        Unfinished(None, None, None, None, None, None)  # pylint: disable=abstract-class-instantiated


@pytest.mark.parametrize(("named", "local", "expected"), [
    ("auto", False, ("/usr/bin/python3", "")),
    ("auto_silent", True, ("/usr/bin/python3", "")),
    ("/usr/bin/python3", False, ("/usr/bin/python3", "")),
    ("/opt/venv/bin/python", False, ("/opt/venv/bin/python", "/usr/bin/python3")),
    ("/opt/venv/bin/python", True, ("/opt/venv/bin/python", "/usr/bin/python3")),
    (sys.executable, True, ("/usr/bin/python3", sys.executable)),
    (sys.executable, False, (sys.executable, "/usr/bin/python3")),
])
def test_the_users_python_comes_first_unless_ansible_itself_named_it(named, local, expected):
    assert pythons(named, local) == expected


FEW = {"safetytwin.twin.host_state_info": {"scopes": ["accounts"]}}


def test_a_program_runs_in_the_python_that_the_user_names(play, tmp_path):
    python = tmp_path / "named python"
    python.write_text(f"#!/bin/sh\necho $2 >> {tmp_path}/calls\nexec /usr/bin/python3 \"$@\"\n", encoding="ascii")
    python.chmod(0o755)
    played = play({
        "named": dict(FEW, vars={"ansible_python_interpreter": str(python)}),
        "gone": dict(FEW, vars={"ansible_python_interpreter": "/nowhere/python"}),
    })
    assert "safetytwin._harvest" in (tmp_path / "calls").read_text(encoding="ascii")
    assert not played.results["named"].get("failed")
    assert played.results["gone"]["msg"] == "web1 cannot run /nowhere/python: let ansible_python_interpreter name a Python 3.8 or newer there."
