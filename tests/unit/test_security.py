# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SECURITY.md names a test for each promise, and each of these tests exists."""
from __future__ import annotations

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def promises() -> list[tuple[str, list[tuple[str, str]]]]:
    """(promise, [(file, test)]) of each row of the table of promises."""
    section = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("\n## What the collection promises\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").rsplit(" | ", 1) for line in section.splitlines() if line.startswith("| ")]
    assert rows[0] == ["promise", "test"]
    return [(promise, NAMED.findall(tests)) for promise, tests in rows[1:]]


def test_the_table_of_promises_is_found():
    assert len(promises()) >= 9


@pytest.mark.parametrize(("promise", "tests"), promises(), ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_a_promise_has_tests_that_exist(promise, tests):
    assert tests, "this promise names no test: %s" % promise
    for file, test in tests:
        assert (ROOT / file).is_file(), "%s does not exist" % file
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, "%s has no %s" % (file, test)
