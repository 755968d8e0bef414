# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a loopback server with signed repositories that a real apt reads."""
from __future__ import annotations

import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))

from labkit import runtime  # noqa: E402

runtime.importable()
from repositories import Server, make_key, serving  # noqa: E402


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Two signing keys."""
    return [make_key(tmp_path_factory.mktemp("gnupg"), name) for name in ("one", "two")]


@pytest.fixture
def server(tmp_path, keys):
    with contextlib.ExitStack() as stack:
        url, refused = stack.enter_context(serving(tmp_path / "served"))
        yield Server(tmp_path / "served", url, refused, keys)
