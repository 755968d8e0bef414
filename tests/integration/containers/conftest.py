# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab host with a real Docker for all tests here, and in it the containers of docked.py."""
from __future__ import annotations

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve()
for path in (HERE.parents[2] / "lab", HERE.parent):
    sys.path.insert(0, str(path))

pytest.register_assert_rewrite("docked")
from docked import Docked  # noqa: E402


@pytest.fixture(scope="session")
def docked(tmp_path_factory):
    """The host with its containers. It is removed at the end; one that a killed run left is removed first."""
    here = Docked("ctdocker", tmp_path_factory.mktemp("docked"))
    here.begin()
    try:
        yield here
    finally:
        here.end()
