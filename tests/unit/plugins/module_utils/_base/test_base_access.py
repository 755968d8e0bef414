# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base import access


def test_the_unit_runs_the_configuration_that_is_written_for_it():
    lines = access.SSHD_CONFIG.splitlines()
    assert "Port %d" % access.PORT in lines
    assert {"AuthenticationMethods publickey", "PermitRootLogin prohibit-password", "UsePAM no"} <= set(lines), "keys only"
    assert "ExecStart=/usr/sbin/sshd -D -f /etc/safetytwin/sshd_config" in access.SSH_UNIT.splitlines()
    assert "ConditionPathExists=/etc/safetytwin/ssh_host_ed25519_key" in access.SSH_UNIT, "without its key it would take the host's"
