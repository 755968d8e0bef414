# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import dumps
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts import collect as accounts
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context

PASSWD = b"root:x:0:0:root:/root:/bin/bash\nweb:x:1000:33:W\xf6b, Ann:/home/web:/bin/sh\nlost:x:1001:4242::/:/bin/sh\n"
GROUP = b"root:x:0:\nwww-data:x:33:web,root,web\n"


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(PASSWD)
    (tmp_path / "etc/group").write_bytes(GROUP)
    return tmp_path


def test_users_and_groups(machine):
    body = accounts.collect(Context(root=str(machine)))
    assert body["status"] == "ok" and not body["note"]
    assert body["items"]["user:web"] == {"uid": 1000, "group": "www-data", "gecos": "W\udcf6b, Ann", "home": "/home/web", "shell": "/bin/sh"}
    assert body["items"]["user:lost"]["group"] == "4242"
    assert body["items"]["group:www-data"] == {"gid": 33, "members": ["root", "web"]}


def test_shadow_is_not_needed_and_not_opened(machine):
    (machine / "etc/shadow").symlink_to("/nowhere/at/all")
    assert accounts.collect(Context(root=str(machine)))["status"] == "ok"


@pytest.mark.parametrize("line", [b"+::::::", b"broken", b"a:x:one:1::/:/bin/sh", b"a:x:\xb2:1::/:/bin/sh", b":x:1:1::/:/bin/sh", b"a:b:c"])
def test_invalid_lines_are_named(machine, line):
    (machine / "etc/passwd").write_bytes(PASSWD + line + b"\n")
    body = accounts.collect(Context(root=str(machine)))
    assert body["note"] == "left out of /etc/passwd: line 4"
    assert "user:web" in body["items"]


def test_the_first_of_two_equal_names_holds(machine):
    (machine / "etc/passwd").write_bytes(PASSWD + b"web:x:5:5::/:/bin/false\n")
    assert accounts.collect(Context(root=str(machine)))["items"]["user:web"]["uid"] == 1000


def test_only_what_was_asked_for(machine):
    body = accounts.collect(Context(root=str(machine), only=["user:web", "user:absent"]))
    assert list(body["items"]) == ["user:web"]


@given(st.binary())
def test_any_file_is_read_to_its_end(content):
    users, _bad = accounts.parse_users(content, {})
    groups, _bad = accounts.parse_groups(content)
    dumps([users, groups])
