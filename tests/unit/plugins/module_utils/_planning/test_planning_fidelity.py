# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._planning.fidelity import report
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.policy import desire, kept


def judged(case):
    desired, exceptions = desire(case["before"], case["twin"])
    stays = kept(case["after"], desired, exceptions, case["twin"])
    return report(case["before"], desired, exceptions, case["after"], case.get("failures"), stays)


def test_case(case):
    found, expected = judged(case), case["expected"]
    assert [[row["scope"], row["key"], row["reason"], sorted(row["fields"])] for row in found["exceptions"]] == expected["exceptions"]
    assert {scope: list(row.values()) for scope, row in found["scopes"].items()} == expected["scopes"]
    assert found["percent_reproduced"] == pytest.approx(expected["percent_reproduced"])
    assert found["percent_explained"] == pytest.approx(expected["percent_explained"])
    assert [[row["scope"], row["key"], row["reason"]] for row in found["extras"]] == expected["extras"]


def test_numbers_add_up(case):
    for row in judged(case)["scopes"].values():
        assert row["items"] == row["reproduced"] + row["degraded"] + row["impossible"]
