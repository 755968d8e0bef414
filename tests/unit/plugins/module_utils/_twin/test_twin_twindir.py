# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat
import subprocess

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import twindir


def test_ssh_reads_the_configuration_as_meant(tmp_path):
    path = tmp_path / "ssh_config"
    path.write_text(twindir.ssh_config("/var/lib/a dir", "twin-web1", "10.62.22.9"))
    shown = subprocess.run(["ssh", "-G", "-F", str(path), "twin"], check=True, capture_output=True, text=True).stdout.splitlines()
    for line in ("hostname 10.62.22.9", "port 62022", "user root", "identityfile /var/lib/a dir/id_ed25519", "hostkeyalias twin-web1",
                 "stricthostkeychecking true", "identitiesonly yes"):
        assert line in shown


def test_keys_are_made_once_and_the_host_key_is_known(tmp_path):
    first = twindir.seed_keys(str(tmp_path), "twin-web1", ["ssh-ed25519 MORE me"])
    again = twindir.seed_keys(str(tmp_path), "twin-web1", ["ssh-ed25519 MORE me"])
    assert first == again
    assert first["authorized"].splitlines()[1] == "ssh-ed25519 MORE me"
    assert (tmp_path / "known_hosts").read_text().split() == ["twin-web1", *first["host_public"].split()[:2]]
    assert (tmp_path / "id_ed25519").stat().st_mode & 0o777 == 0o600


def test_a_directory_qemu_cannot_pass_is_a_sentence(tmp_path):
    closed = tmp_path / "closed"
    (closed / "image").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(TwinError, match="closed"):
        twindir.require_reachable(str(closed / "image"))


def test_the_console_account_has_the_given_password_or_is_locked():
    assert twindir.hash_password("secret").startswith("$6$")
    assert twindir.hash_password(None) == "!", "nothing is generated, so no report, log or journal can hold it"
    with pytest.raises(TwinError):
        twindir.hash_password("")


@pytest.mark.hostile
def test_nobody_lists_the_directories_of_twins(tmp_path, monkeypatch):
    monkeypatch.setattr(twindir, "require_reachable", lambda _path: None)
    before = os.umask(0)
    try:
        twindir.prepare(str(tmp_path / "state"), str(tmp_path / "state/twins/twin-web1"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("state", "state/twins", "state/twins/twin-web1")] == [0o711] * 3
