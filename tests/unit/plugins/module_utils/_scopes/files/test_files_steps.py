# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.steps import STEPS, steps
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import PlanContext, step_of


def change(path, want, have=None):
    return Change("files", path, have, want, ())


def item(kind, **fields):
    return dict({"type": kind, "owner": "ula", "group": "staff"}, **fields)


def made(changes, earlier=(), desired=None):
    known = {step["id"]: step for step in earlier}
    return steps(PlanContext(changes, {}, {"files": {"items": desired or {}}}, {}, known))


def test_removals_from_below_then_directories_files_links():
    order = [step["key"] for step in made([
        change("/etc/l", item("link")), change("/etc/d", item("dir")), change("/etc/f", item("file")), change("/old", None, item("dir")),
        change("/old/x/y", None, item("file")), change("/old/x", None, item("dir")),
    ])]
    assert order == ["/old/x/y", "/old/x", "/old", "/etc/d", "/etc/f", "/etc/l"]


def test_a_file_needs_its_directory_owner_group_and_package():
    earlier = [step_of(Change("accounts", "user:ula", None, {}, ()), "accounts.ensure", "ensure", ""),
               step_of(Change("packages", "shop:all", None, {}, ()), "packages.change", "ensure", "")]
    changes = [change("/etc/d", item("dir")), change("/etc/d/e/f", item("file")), change("/etc/d/g", item("file"))]
    found = {step["key"]: step["requires"] for step in made(changes, earlier, {"/etc/d/g": item("file", pristine=True, package="shop")})}
    assert found["/etc/d"] == ["accounts:user:ula"]
    assert found["/etc/d/e/f"] == ["accounts:user:ula", "files:/etc/d"]
    assert found["/etc/d/g"] == ["accounts:user:ula", "files:/etc/d", "packages:shop:all"]


def test_files_are_placed_after_accounts_and_packages():
    assert set(STEPS.batches["files.place"].after) == {"accounts.ensure", "packages.change", "services.stop"}
