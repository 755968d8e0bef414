# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what no scope reads agrees with what the scope files reads, and with docs/coverage.md."""
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import rules
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.walk import TOPS
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.not_read import NOT_READ
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

COVERAGE = pathlib.Path(__file__).resolve().parents[5] / "docs/coverage.md"
PATHS = [(path, row.what) for row in NOT_READ for path in row.paths]


def rows_below(heading):
    """The rows of the table below a heading of docs/coverage.md, without its first two lines."""
    section = COVERAGE.read_text(encoding="utf-8").partition("\n## %s\n" % heading)[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize(("path", "what"), PATHS)
def test_the_scope_files_does_not_read_a_path_of_the_table(path, what):
    read = [top for top in TOPS if (path + "/").startswith(top + "/")]
    assert not read or rules.covering(path) == rules.IGNORE, "%s is read: remove it from %s" % (path, what)


def test_the_coverage_page_has_every_row_of_the_table():
    paths = [", ".join("`%s`" % path for path in row.paths) or "any" for row in NOT_READ]
    expected = ["| %s | %s | `%s` | %s |" % (row.what, path, row.command, row.remark) for row, path in zip(NOT_READ, paths)]
    assert rows_below("What no scope reads") == expected


def test_the_coverage_page_has_every_scope():
    assert [line.split("`")[1] for line in rows_below("What is read")] == list(SCHEMA)


def test_a_row_is_one_line_without_table_marks():
    assert all(text and "|" not in text and "\n" not in text for row in NOT_READ for text in (row.what, row.command, row.remark))
