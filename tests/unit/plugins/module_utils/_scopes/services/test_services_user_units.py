# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import user_units

ME = pwd.getpwuid(os.getuid()).pw_name
UNIT = {"Id": "own.service", "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", "WantedBy": "default.target"}


@pytest.fixture
def linger(tmp_path, monkeypatch):
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / ME).touch()
    monkeypatch.setattr(user_units, "LINGER", str(tmp_path / "linger"))
    return tmp_path / "linger"


def test_a_lingering_user_is_asked_as_that_user(linger):
    asked = []

    def show(command, names, **options):
        asked.append((command, names, options["env"]))
        return {"own.service": UNIT}

    assert list(user_units.user_units(Context(), show)) == ["user@%s/own.service" % ME]
    command, names, env = asked[0]
    assert "--reuid=%d" % os.getuid() in command
    assert command[-2:] == ["systemctl", "--user"]
    assert set(user_units.GLOBS) <= set(names)
    assert env == {"XDG_RUNTIME_DIR": "/run/user/%d" % os.getuid()}


def test_only_this_users_units_are_asked_for(linger):
    asked = []
    only = ["user@%s/own.service" % ME, "user@other/x.service", "a.service"]
    user_units.user_units(Context(only=only), lambda _command, names, **_options: asked.append(names) or {})
    assert asked == [["own.service"]]
    user_units.user_units(Context(only=["a.service"]), lambda *_words, **_options: pytest.fail("nobody was asked for"))


def test_a_silent_or_deleted_user_is_named(linger):
    (linger / "deleted-account").touch()

    def silent(*_words, **_options):
        raise TwinError("no bus")

    with pytest.raises(TwinError, match="The systemd of user .*deleted-account.* does not answer"):
        user_units.user_units(Context(), silent)


def test_without_lingering_users_nothing_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(user_units, "LINGER", str(tmp_path / "absent"))
    assert user_units.user_units(Context(), lambda *_words, **_options: pytest.fail("nobody lingers")) == {}


def test_without_root_the_sentence_names_the_cause(monkeypatch):
    def refuse(*_words, **_options):
        raise TwinError("setpriv failed")

    monkeypatch.setattr(user_units.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(user_units, "_lingering", lambda: ["root"])
    with pytest.raises(TwinError, match=r"^The units of user root can be read by root only\.$"):
        user_units.user_units(Context(), refuse)
