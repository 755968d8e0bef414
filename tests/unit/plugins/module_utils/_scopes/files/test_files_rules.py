# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import reasons
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import rules


@pytest.mark.parametrize(("path", "expected"), [
    ("/etc/nginx/nginx.conf", None), ("/etc/hosts", None), ("/etc/ssl/private", None), ("/etc/localtime", None),
    ("/etc/ssh/sshd_config", None), ("/etc/ssh/ssh_host_rsa_key", "identity"), ("/etc/ssh/ssh_host_rsa_key.pub", "identity"),
    ("/etc/machine-id", "identity"), ("/etc/hostname", "identity"), ("/etc/fstab", "identity"), ("/etc/network", "identity"),
    ("/etc/netplan/50.yaml", "identity"), ("/etc/initramfs-tools/modules", "identity"),
    ("/etc/NetworkManager/system-connections/home", "secret_excluded"), ("/etc/NetworkManager/NetworkManager.conf", "identity"),
    ("/etc/shadow", "secret_excluded"), ("/etc/gshadow", "secret_excluded"), ("/etc/shadow-", "ignore"), ("/etc/passwd", "ignore"),
    ("/etc/ssl/private/site.pem", "secret_excluded"), ("/etc/nginx/site.key", "secret_excluded"), ("/opt/app/.netrc", "secret_excluded"),
    ("/etc/apt/keyrings/docker.key", None), ("/etc/apt/auth.conf.d/a.conf", "secret_excluded"),
    ("/etc/safetytwin/twin.json", "ignore"), ("/etc/systemd/system/safetytwin-ssh.service", "ignore"),
    ("/etc/systemd/system/multi-user.target.wants/safetytwin-ssh.service", "ignore"),
    ("/etc/systemd/system/multi-user.target.wants/nginx.service", None), ("/etc/rc2.d/S01nginx", None),
    ("/etc/nginx/a.dpkg-old", "ignore"), ("/etc/nginx/a~", "ignore"), ("/etc/ld.so.cache", "ignore"),
])
def test_the_tables(path, expected):
    assert rules.verdict(path) == expected


def test_generated_links_are_ignored_and_files_are_not():
    assert rules.verdict("/etc/ssl/certs/5ed36f99.0", link=True) == rules.IGNORE
    assert rules.verdict("/etc/ssl/certs/own.pem") is None


def test_patterns_of_the_user_only_exclude_more():
    assert rules.verdict("/etc/app/a", exclude=("/etc/app/**",)) == "excluded"
    assert rules.verdict("/etc/shadow", exclude=("/etc/app/**",)) == "secret_excluded"
    assert rules.verdict("/etc/passwd", exclude=("/etc/passwd",)) == rules.IGNORE


def test_a_tree_is_left_out_as_a_whole():
    assert rules.verdict("/opt/app/secrets/deep/x") == rules.covering("/opt/app/secrets/deep/x") == "secret_excluded"
    assert rules.covering("/etc/app/x/y", exclude=("/etc/app",)) == "excluded"
    assert rules.covering("/etc/nginx/nginx.conf") is None


def test_every_verdict_is_one_that_reports_know():
    verdicts = {rule.verdict for rule in rules.PATHS} - {rules.IGNORE, rules.CARRY}
    assert verdicts <= set(reasons.REASONS)
