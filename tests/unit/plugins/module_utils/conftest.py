# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of the pure stages: test__STAGE.py's `case` is each fixtures/STAGE/*.json in turn."""
from __future__ import annotations

import json
import pathlib

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
STAGES = ("policy", "diff", "plan", "fidelity")
BODY = {"status": "ok", "note": "", "excluded": {}}


def full(scopes):
    """Scopes of a fixture, which leave out what is usual, as the code knows them."""
    return {scope: dict(BODY, **body) for scope, body in scopes.items()}


def load(path):
    case = json.loads(path.read_text(encoding="ascii"))
    return dict(case, before=full(case["before"]), after=full(case["after"]))


def pytest_generate_tests(metafunc):
    stage = metafunc.module.__name__.rpartition("test__")[2]
    if "case" in metafunc.fixturenames and stage in STAGES:
        paths = sorted((FIXTURES / stage).glob("*.json"))
        names = [path.stem for path in paths]
        assert {name.rpartition("_")[2] for name in names} >= {"noop", "broken"}, "each stage has a noop and a broken case"
        metafunc.parametrize("case", [load(path) for path in paths], ids=names)
