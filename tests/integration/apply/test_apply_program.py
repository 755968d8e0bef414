# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the program _apply on a machine that is not a twin: it changes nothing."""
from __future__ import annotations

import pytest
from plans import digest, request, step

PATH = "/etc/safetytwin-was-here"
PLAN = [step("files", PATH, {"type": "file", "digest": digest(b"x"), "size": 1, "mode": "0644", "owner": "root", "group": "root"})]


def test_it_refuses_a_machine_that_is_no_twin(machine):
    done = machine.python("-m", "safetytwin._apply", stdin=request(PLAN, [b"x"]), check=False)
    from safetytwin._base import errors
    from safetytwin._transport import program

    with pytest.raises(errors.Refused, match="so it is not a twin"):
        program.unpack(done.stdout, "the lab host")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert machine.exec("test", "-e", PATH, check=False).returncode == 1
    assert machine.exec("test", "-e", "/var/lib/safetytwin/incoming", check=False).returncode == 1


def test_the_same_plan_arrives_once_the_machine_is_proven(machine):
    assert machine.apply(*PLAN, blobs=[b"x"]) == {PATH: (True, None)}
    assert machine.exec("stat", "--format=%a %U %s", PATH).split() == ["644", "root", "1"]
    assert machine.apply(step("files", PATH, None)) == {PATH: (True, None)}
