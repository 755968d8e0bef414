# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.patterns import matches_any
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.policy import POLICY


@pytest.mark.parametrize("path", [
    "/etc/safetytwin/twin.json", "/etc/cloud/cloud.cfg", "/etc/default/grub", "/etc/rc2.d/S01cloud-init", "/usr/sbin/policy-rc.d",
    "/etc/sudoers.d/90-safetytwin", "/etc/tiny-initramfs/tiny-initramfs.conf",
])
def test_files_of_the_twin_itself_are_kept(path):
    assert matches_any(POLICY.substrate, path)


@pytest.mark.parametrize("path", ["/etc/libvirt/qemu.conf", "/etc/systemd/system/sockets.target.wants/virtlogd.socket/x", "/etc/default/libvirt-guests"])
def test_files_of_virtualisation_software_are_not_copied(path):
    assert matches_any(POLICY.machinery, path)


@pytest.mark.parametrize("path", ["/etc/nginx/nginx.conf", "/etc/ssh/sshd_config", "/etc/default/nginx", "/etc/systemd/system/shop.service", "/etc/virtual"])
def test_ordinary_files_are_neither_ignored_nor_excluded(path):
    assert not matches_any(POLICY.substrate + POLICY.machinery, path)


def test_files_of_the_twins_own_packages_and_their_directories_stay():
    assert POLICY.stays("/etc/a", {"package": "cloud-init"}, frozenset({"cloud-init"}))
    assert not POLICY.stays("/etc/a", {"package": "nginx"}, frozenset({"cloud-init"}))
    stays = {"/etc/x/y/z": "twin_substrate"}
    POLICY.more_stays(stays, {"/etc/x/y": {}, "/etc/x": {}, "/etc/other": {}}, {"/etc/x": {}})
    assert stays == {"/etc/x/y/z": "twin_substrate", "/etc/x/y": "twin_substrate"}
