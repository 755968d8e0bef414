# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.readback import READBACK


@pytest.mark.parametrize(("path", "unit"), [
    ("/etc/systemd/system/shop.service", "shop.service"),
    ("/usr/lib/systemd/system/shop.timer", "shop.timer"),
    ("/etc/systemd/system/shop.service.d/10-own.conf", "shop.service"),
    ("/etc/systemd/system/multi-user.target.wants/shop.service", "shop.service"),
    ("/etc/systemd/system/shop@.service", "shop@.service"),
])
def test_a_units_file_dropin_or_link_has_its_unit_read(path, unit):
    assert list(READBACK.also(path)) == [("services", unit)]


@pytest.mark.parametrize("path", ["/etc/nginx/nginx.conf", "/etc/systemd/journald.conf", "/etc/systemd/system/README", "/etc/systemd/user/a.service"])
def test_other_files_have_nothing_else_read(path):
    assert list(READBACK.also(path)) == []
