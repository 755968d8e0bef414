# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts.steps import STEPS, steps
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import PlanContext


def change(key, want, have=None):
    return Change("accounts", key, have, want, ())


def test_groups_are_created_before_and_removed_after_their_users():
    made = steps(PlanContext([
        change("user:ula", {"group": "staff"}), change("group:staff", {"gid": 5}), change("user:bo", {"group": "users"}),
        change("group:old", None, {"gid": 1}), change("user:old", None, {"uid": 1}), Change("files", "/a", None, {"type": "dir"}, ()),
    ], {}, {}, {}, {}))
    assert [(step["key"], step["verb"]) for step in made] == [
        ("group:staff", "ensure"), ("user:bo", "ensure"), ("user:ula", "ensure"), ("user:old", "remove"), ("group:old", "remove"),
    ]
    requires = {step["key"]: step["requires"] for step in made}
    assert requires["user:ula"] == ["accounts:group:staff"]
    assert requires["user:bo"] == [], "its group is there already"


def test_accounts_are_removed_after_their_units_and_files():
    assert set(STEPS.batches["accounts.remove"].after) == {"services.run", "files.place", "packages.change"}
    assert STEPS.batches["accounts.ensure"] == ((), ())
