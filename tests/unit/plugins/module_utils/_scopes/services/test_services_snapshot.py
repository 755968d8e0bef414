# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import snapshot


def test_units_by_name_with_their_three_states(monkeypatch):
    said = b"a.service    loaded active   running The name of a\n  b\\x2d.timer not-found inactive dead b\n"
    monkeypatch.setattr(snapshot, "check", lambda argv, _doing: said if argv == snapshot.LIST_UNITS else b"")
    assert snapshot.look(Context(TWIN)) == {"a.service": ["loaded", "active", "running"], "b\\x2d.timer": ["not-found", "inactive", "dead"]}
