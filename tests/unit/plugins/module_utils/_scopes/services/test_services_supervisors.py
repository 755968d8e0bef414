# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import supervisors


def test_init_scripts_are_programs_and_enabled_where_a_link_starts_them(tmp_path, monkeypatch):
    for name, mode in (("cron", 0o755), ("README", 0o755), ("plain", 0o644), ("off", 0o755)):
        (tmp_path / name).write_text("#!/bin/sh")
        (tmp_path / name).chmod(mode)
    monkeypatch.setattr(supervisors, "INIT_SCRIPTS", str(tmp_path))
    monkeypatch.setattr(supervisors.glob, "glob", lambda _pattern: ["/etc/rc2.d/S01cron", "/etc/rc3.d/S20cron"])
    assert supervisors.init_scripts() == {
        "sysv:cron": {"load": "loaded", "enablement": "enabled"}, "sysv:off": {"load": "loaded", "enablement": "disabled"},
    }
    monkeypatch.setattr(supervisors, "INIT_SCRIPTS", str(tmp_path / "absent"))
    assert supervisors.init_scripts() == {}


def test_supervisors_that_do_not_run_are_not_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisors, "call", lambda *_words: pytest.fail("nobody is there to ask"))
    monkeypatch.setattr(supervisors, "SUPERVISORS", (str(tmp_path / "s"),))
    monkeypatch.setattr(supervisors, "SNAPD", str(tmp_path / "snapd"))
    assert supervisors.supervisor() == {}
    assert supervisors.snaps() == {}


def test_the_first_socket_there_is_asked(tmp_path, monkeypatch):
    asked = []
    (tmp_path / "b").touch()
    (tmp_path / "c").touch()
    monkeypatch.setattr(supervisors, "SUPERVISORS", tuple(str(tmp_path / name) for name in "abc"))
    monkeypatch.setattr(supervisors, "parse_supervisor", lambda answer: {"answer": answer})

    def call(path, method, url, body, headers):
        asked.append((os.path.basename(path), method, url, b"getAllProcessInfo" in body, headers))
        return b"x"

    monkeypatch.setattr(supervisors, "call", call)
    assert supervisors.supervisor() == {"answer": b"x"}
    assert asked == [("b", "POST", "/RPC2", True, {"Content-Type": "text/xml"})]


@pytest.mark.hostile
def test_a_supervisord_of_an_unprivileged_user_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("s")
    os.chown("s", 65534, 65534)
    monkeypatch.setattr(supervisors, "SUPERVISORS", ("s",))
    with listener, pytest.raises(TwinError, match="s is not asked: Another user can replace it"):
        supervisors.supervisor()
