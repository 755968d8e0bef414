# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.affects import reached
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.readers import UnitReaders

FILE = {"type": "file", "digest": "d", "size": 1}


@pytest.fixture
def readers():
    unit = {"load": "loaded", "active": "active"}
    scopes = {
        "services": {"items": {
            "redis.service": dict(unit, can_reload=True), "ssh.service": unit, "shop.service": dict(unit, programs=["/etc/shop/main.toml"], package="shop"),
            "systemd-journald.service": unit,
        }},
        "files": {"items": {"/opt/shop": {"type": "dir", "package": "shop"}}},
    }
    return UnitReaders(scopes, scopes)


@pytest.mark.parametrize(("path", "units"), [
    ("/etc/redis/redis.conf", [("redis.service", "reload")]),
    ("/etc/default/redis", [("redis.service", "reload")]),
    ("/etc/redis.conf", [("redis.service", "reload")]),
    ("/etc/ssh/sshd_config", [("ssh.service", "restart")]),
    ("/etc/ssh/sshd_config.d/own.conf", [("ssh.service", "restart")]),
    ("/etc/shop/main.toml", [("shop.service", "restart")]),
    ("/opt/shop/lib/x.jar", [("shop.service", "restart")]),
    ("/etc/systemd/journald.conf", [("systemd-journald.service", "restart")]),
    ("/etc/systemd/system/redis.service", []),
    ("/etc/cron.d/redis", []),
    ("/etc/hosts", []),
    ("/opt/other/x", []),
])
def test_units_that_read_a_file(readers, path, units):
    assert list(reached(Change("files", path, None, FILE, ()), readers)) == units
    assert list(reached(Change("files", path, FILE, None, ()), readers)) == units


def test_only_what_is_read_counts(readers):
    changed = Change("files", "/etc/redis/redis.conf", FILE, dict(FILE, mode="0600"), ("mode",))
    assert not reached(changed, readers)
    assert not reached(Change("files", "/etc/redis", None, {"type": "dir"}, ()), readers)
