# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.patterns import matches_any
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages.policy import POLICY, name_of


def test_patterns_are_about_names():
    assert name_of("libc6:amd64") == "libc6"
    assert name_of("plain") == "plain"
    assert POLICY.pattern_name("a:b") == "a"


@pytest.mark.parametrize("name", ["linux-image-6.1.0-18-amd64", "grub-pc", "cloud-init", "openssh-server", "tiny-initramfs-core"])
def test_files_of_the_twin_itself_are_kept(name):
    assert matches_any(POLICY.substrate, name)


@pytest.mark.parametrize("name", ["libvirt-daemon", "qemu-utils", "ansible", "dnsmasq-base"])
def test_files_of_virtualisation_software_are_not_copied(name):
    assert matches_any(POLICY.machinery, name)


@pytest.mark.parametrize("name", ["nginx", "openssh-client", "postgresql-15", "linux-libc-dev", "dnsmasq", "busybox-static"])
def test_ordinary_packages_are_neither(name):
    assert not matches_any(POLICY.machinery + POLICY.substrate, name)
