# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import model
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

COUNT = SCHEMA["hardware"].kinds["cpu"]["count"]


@pytest.mark.parametrize(("maker", "lane"), [(model.desired, "desired"), (model.telemetry, "telemetry"), (model.identity, "identity")])
def test_functions_that_create_fields_set_only_the_lane(maker, lane):
    assert tuple(maker(COUNT[1], COUNT.doc))[:3] == (lane, COUNT[1], COUNT.doc)


def test_scopes_build_on_others_by_name():
    assert all(set(scope.builds_on) <= set(SCHEMA) for scope in SCHEMA.values())
    assert "accounts" in SCHEMA["files"].builds_on
