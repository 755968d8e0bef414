# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._converge.readback_scope import runs_scripts, touched


def step(scope, key):
    return {"scope": scope, "key": key}


@pytest.mark.parametrize(("path", "unit"), [
    ("/etc/systemd/system/shop.service", "shop.service"),
    ("/etc/systemd/system/shop.service.d/10-limits.conf", "shop.service"),
    ("/etc/systemd/system/multi-user.target.wants/shop.service", "shop.service"),
    ("/usr/local/lib/systemd/system/shop@.service", "shop@.service"),
    ("/etc/systemd/system/service.d/all.conf", None),
    ("/etc/systemd/system.conf", None),
    ("/etc/systemd/system/a/b/c.service", None),
    ("/srv/etc/systemd/system/shop.service", None),
])
def test_a_units_files_touch_the_unit(path, unit):
    expected = {"files": [path]}
    if unit:
        expected["services"] = [unit]
    assert touched([step("files", path)]) == expected


def test_steps_touch_their_own_items_once():
    steps = [step("services", "b.service"), step("services", "a.service"), step("files", "/etc/systemd/system/a.service"), step("services", "")]
    assert touched(steps) == {"files": ["/etc/systemd/system/a.service"], "services": ["a.service", "b.service"]}


def test_changes_by_package_scripts_are_read_back():
    seen = [("files", "/etc/systemd/system/multi-user.target.wants/cups.service"), ("services", "cups.path")]
    assert touched([step("packages", "cups:amd64")], seen) == {
        "accounts": None, "packages": None, "files": [seen[0][1]], "services": ["cups.path", "cups.service"],
    }


def test_only_packages_run_scripts():
    assert runs_scripts([step("files", "/etc/motd"), step("packages", "cups:amd64")])
    assert not runs_scripts([step("files", "/etc/motd"), step("services", "a.service")])
