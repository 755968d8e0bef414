# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import machine


def test_this_machine_has_all_members():
    assert sorted(machine.machine()) == ["architecture", "boot_id", "distribution", "hostname", "machine_id", "product_uuid"]
    assert machine.machine()["boot_id"] and machine.machine()["hostname"]


@pytest.mark.parametrize("path", machine.OS_RELEASE)
def test_os_release_is_read_from_both_locations(tmp_path, path):
    target = tmp_path / path[1:]
    target.parent.mkdir(parents=True)
    target.write_text("# comment\nID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID='12'\n\nbroken line\n")
    assert machine.os_release(str(tmp_path)) == {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)", "VERSION_ID": "12"}


def test_os_release_may_be_missing(tmp_path):
    assert machine.os_release(str(tmp_path)) == {}
    assert machine.machine(str(tmp_path))["distribution"] == {"id": "", "version_id": "", "codename": "", "name": "", "like": []}
