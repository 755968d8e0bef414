# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port, sshd configuration and unit of the twin's management ssh, which is separate from the mirrored sshd."""
from __future__ import annotations

PORT = 62022

SSHD_CONFIG = (
    """\
# Management access of the twin's hypervisor, apart from the mirrored sshd.
Port %d
HostKey /etc/safetytwin/ssh_host_ed25519_key
AuthorizedKeysFile /etc/safetytwin/authorized_keys
PermitRootLogin prohibit-password
AuthenticationMethods publickey
UsePAM no
UseDNS no
PrintMotd no
PidFile none
MaxSessions 64
Subsystem sftp internal-sftp
"""
    % PORT
)

SSH_UNIT = """\
[Unit]
Description=Management access of the twin's hypervisor
After=network.target
ConditionPathExists=/etc/safetytwin/ssh_host_ed25519_key

[Service]
ExecStart=/usr/sbin/sshd -D -f /etc/safetytwin/sshd_config
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
KillMode=process
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
