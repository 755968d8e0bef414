# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.unit_files import scan


@pytest.fixture
def directories(tmp_path):
    """An admin's and a vendor's unit directory."""
    admin, vendor = tmp_path / "etc", tmp_path / "usr"
    (admin / "multi-user.target.wants").mkdir(parents=True)
    vendor.mkdir()
    for name in ("cron.service", "ssh.service", "worker@.service", "README", "bad name.service"):
        (vendor / name).write_text("[Service]\n")
    (admin / "cron.service").write_text("[Service]\nNice=5\n")
    (admin / "sshd.service").symlink_to(vendor / "ssh.service")
    (admin / "rsyslog.service").symlink_to("/dev/null")
    (admin / "multi-user.target.wants" / "worker@a.service").symlink_to(vendor / "worker@.service")
    return admin, vendor


def test_first_directory_wins_and_aliases_are_not_units(directories):
    admin, vendor = directories
    tree = scan([str(admin), str(vendor)])
    assert tree.names == {
        "cron.service": str(admin / "cron.service"),
        "rsyslog.service": str(admin / "rsyslog.service"),
        "ssh.service": str(vendor / "ssh.service"),
    }
    assert tree.templates == {"worker@.service": str(vendor / "worker@.service")}
    assert tree.linked == {"worker@a.service"}


@pytest.mark.parametrize("change", [
    lambda admin: (admin / "cron.service").write_text("[Service]\nNice=9\n"),
    lambda admin: (admin / "new.service").write_text(""),
    lambda admin: (admin / "rsyslog.service").unlink(),
    lambda admin: (admin / "multi-user.target.wants" / "worker@a.service").unlink(),
], ids=["edited", "added", "unmasked", "disabled"])
def test_stamp_moves_with_the_files_alone(directories, change):
    paths = [str(directory) for directory in directories]
    before = scan(paths).stamp
    assert scan(paths).stamp == before
    change(directories[0])
    assert scan(paths).stamp != before


def test_missing_directory_is_no_error(tmp_path):
    assert scan([str(tmp_path / "absent")]).names == {}
