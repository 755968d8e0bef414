# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base.patterns import matches_any
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts.policy import POLICY


def test_accounts_of_virtualisation_software_are_not_copied():
    for key in ("user:libvirt-qemu", "group:libvirt", "group:swtpm"):
        assert matches_any(POLICY.machinery, key), key
    for key in ("user:root", "group:kvm", "user:ula-libvirt", "group:staff"):
        assert not matches_any(POLICY.machinery, key), key
    assert POLICY.image_extras, "what the image's packages made is the twin's own"
