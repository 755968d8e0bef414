# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import systemd


@pytest.mark.parametrize(("name", "item"), [
    ("echo@3-127.0.0.1:7777-127.0.0.1:51234.service", False), ("sshd@0-2001:db8::1:22-2001:db8::2:50123.service", False),
    ("sshd@12-987-0.service", False), ("app@4-unknown.service", False),
    ("postgresql@17-main.service", True), ("worker@2-eu.service", True), ("getty@tty1.service", True), ("user@1000.service", False),
])
def test_instances_that_a_unit_file_or_link_declares(name, item):
    assert systemd.is_item({"Id": name, "LoadState": "loaded", "ActiveState": "active"}) is item


def test_paths_with_blanks():
    assert systemd.split_paths("/a /b") == ["/a", "/b"]
    assert systemd.split_paths('/a\\ b "/c d"') == ["/a b", "/c d"]


def test_environment_files_and_names():
    assert systemd.environment_files("/etc/a b (ignore_errors=yes)\n/etc/c (ignore_errors=no)\n/etc/d") == [
        {"path": "/etc/a b", "optional": True}, {"path": "/etc/c", "optional": False}, {"path": "/etc/d", "optional": False},
    ]
    assert systemd.environment_names('B=1 "A=x y" C D=') == ["A", "B", "D"]


def test_programs_are_commands_and_files_in_arguments():
    line = "{ path=/bin/a ; argv[]=/bin/a --config=/etc/a.toml -f /srv/x relative \"/etc/q\" ; ignore_errors=no }"
    assert systemd.programs({"ExecStart": line}) == ["/bin/a", "/etc/a.toml", "/srv/x"]


@pytest.mark.parametrize(("unit", "moves"), [
    ({"ActiveState": "activating", "SubState": "start"}, True), ({"ActiveState": "activating", "SubState": "auto-restart"}, False),
    ({"ActiveState": "activating", "Type": "oneshot"}, False), ({"ActiveState": "active"}, False), ({"ActiveState": "deactivating"}, True),
])
def test_what_is_on_its_way(unit, moves):
    assert systemd.is_moving(dict(unit, Id="a.service", WantedBy="multi-user.target"), set()) is moves
