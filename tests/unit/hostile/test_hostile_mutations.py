# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile harvests go through every stage of hypervisor and controller and have no effect outside the collection's directories.

They run in a mount namespace where everything but one directory and an empty /dev/shm is read-only. SAFETYTWIN_MUTATIONS says how many;
`make prove PART=hostile` takes 20000.
"""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import mutations
import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

STAGES = pathlib.Path(__file__).parent / "stages.py"
NUMBER = int(os.environ.get("SAFETYTWIN_MUTATIONS", "1000"))
# $1 is the directory that stays writable. What cannot be remounted is no file system with files of this machine.
READ_ONLY = """
directory=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=1g tmpfs "$directory"
mkdir "$directory/bin" "$directory/outside"
for name in touch sh bash lookup; do
    printf '#!/bin/dash\\necho started > %s/outside/started\\n' "$directory" > "$directory/bin/$name"; chmod 755 "$directory/bin/$name"
done
while read -r _id _parent _device _root place _rest; do
    [ "$place" = "$directory" ] || mount -o remount,bind,ro "$place" 2>/dev/null || :
done < /proc/self/mountinfo
# ansible-core before 2.19 makes a semaphore when it is imported.
mount -t tmpfs tmpfs /dev/shm
PATH=$directory/bin:$PATH "$@"
find "$directory/outside" /dev/shm -type f
"""


@pytest.mark.hostile
def test_every_field_with_text_is_mutated():
    """The cases are made from the schema: a new field is among them at once."""
    reached = {path for path, is_key in mutations.places(mutations.seed("/marker")) if not is_key}
    fields = {(scope, name) for scope, row in SCHEMA.items() for fields in row.kinds.values() for name, field in fields.items() if field.type == "str"}
    assert len(fields) > 30
    assert fields <= {(path[1], path[4]) for path in reached if path[0] == "scopes" and path[2] == "items" and len(path) > 4}


@pytest.mark.hostile
def test_hostile_harvests_have_no_effect(tmp_path, record_testsuite_property):
    if os.geteuid() != 0:
        pytest.skip("only root can make the machine's files read-only")
    command = ["unshare", "--mount", "sh", "-euc", READ_ONLY, "sh", str(tmp_path), sys.executable, str(STAGES), str(tmp_path), str(NUMBER)]
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(tmp_path), HOME=str(tmp_path), ANSIBLE_HOME=str(tmp_path / "ansible"))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600, env=environment, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0 and lines, done.stdout[-3000:]
    assert done.stdout.splitlines()[-1] == lines[-1], "a file was made outside: %s" % done.stdout.splitlines()[-1]
    result = json.loads(lines[-1])
    for name, value in result["counts"].items():
        record_testsuite_property("hostile harvests: " + name, value)
    record_testsuite_property("hostile harvests: slowest case, seconds", result["slowest"])
    assert result["wrong"] == [] and result["counts"]["mutations"] == NUMBER
    assert result["counts"]["programs recorded"] > NUMBER / 2, "most cases are to ask apt"
    assert result["counts"]["accepted"] > NUMBER / 2, "most cases are to reach the last stage"
    assert not [name for name in ("effects", "tracebacks", "hangs") if result["counts"][name]]
