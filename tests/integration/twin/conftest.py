# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab host and its twin for all tests here, as a user has them; files and tests run from cheap to costly."""
from __future__ import annotations

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve()
for path in (HERE.parents[2] / "lab", HERE.parents[2] / "demo", HERE.parents[1] / "apply", HERE.parent):
    sys.path.insert(0, str(path))

pytest.register_assert_rewrite("following")
from following import Following  # noqa: E402


@pytest.fixture(scope="session")
def pair():
    """Both machines after the first sync. They are removed at the end; those that a killed run left are removed first."""
    here = Following("it1")
    here.begin()
    try:
        here.first = here.sync("-vvvvv", timeout=900)
        assert here.first.rc == 0, here.first.said
        yield here
    finally:
        here.end()
