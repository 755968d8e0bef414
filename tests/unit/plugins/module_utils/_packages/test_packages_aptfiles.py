# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a private apt root."""
from __future__ import annotations

import os

from ansible_collections.safetytwin.twin.plugins.module_utils._packages import aptfiles


def test_keys_of_this_machine_are_linked_and_no_other_file_of_it(tmp_path, monkeypatch):
    for name in ("share/keyrings/a.gpg", "trusted/b.gpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"key")
    monkeypatch.setattr(aptfiles, "TRUSTED", str(tmp_path / "trusted"))
    monkeypatch.setattr(aptfiles, "KEY_PLACES", (str(tmp_path / "share") + "/",))
    root = str(tmp_path / "root")
    aptfiles._add_own_keys(root, [str(tmp_path / "share/keyrings/a.gpg"), str(tmp_path / "trusted/b.gpg"), str(tmp_path / "share/none.gpg"), "/etc/passwd"])
    linked = [os.path.join(directory, name) for directory, _directories, names in os.walk(root) for name in names]
    own = [path for path in linked if "archive-keyring" not in path]
    assert sorted(own) == sorted([root + str(tmp_path / "share/keyrings/a.gpg"), root + str(tmp_path / "trusted/b.gpg")])


def test_a_hosts_files_lie_below_the_root_and_no_file_of_the_host_is_configuration(tmp_path):
    root = str(tmp_path / "root")
    aptfiles.fill(root, {"/etc/apt/sources.list.d/../../../none/x.conf": b"APT::x 1;", "/etc/apt/sources.list": b"deb [signed-by=/k.gpg] http://m s c\n"})
    aptfiles.configure(str(tmp_path / "apt.conf"), root, ["amd64", "i386"], local=False)
    written = (tmp_path / "apt.conf").read_text()
    assert ' file "false"' in written and 'ssh "false"' in written
    aptfiles.configure(str(tmp_path / "apt.conf"), root, ["amd64"], local=True)
    assert ' file "false"' not in (tmp_path / "apt.conf").read_text() and 'ssh "false"' in (tmp_path / "apt.conf").read_text()
    assert open(root + "/etc/apt/sources.list", encoding="ascii").read() == "deb [signed-by=%s/k.gpg] http://m s c\n" % root
    assert 'APT::Architectures { "amd64"; "i386"; };' in written
    for name in ("AllowInsecureRepositories", "AllowWeakRepositories", "AllowDowngradeToInsecureRepositories"):
        assert 'Acquire::%s "false";' % name in written
