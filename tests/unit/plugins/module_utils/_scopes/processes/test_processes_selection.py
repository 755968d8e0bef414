# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes.selection import Selection

ROW = {"name": "postgres", "username": "postgres", "listening": ["tcp 127.0.0.1:5432"]}
OWNER = "unit:postgresql@15-main.service"


@pytest.mark.parametrize(("options", "taken"), [
    ({}, True),
    ({"names": ["postgres"]}, True),
    ({"names": ["post"]}, False),
    ({"names": ["nginx", "post*"]}, True),
    ({"users": ["postgres"], "units": ["nginx.service"]}, False),
    ({"units": ["postgresql@*.service"]}, True),
    ({"listening": True}, True),
])
def test_a_process_is_taken_if_it_matches_each_option(options, taken):
    assert Selection(**options).takes(ROW, OWNER) is taken


def test_processes_without_a_unit_a_name_or_a_socket_are_taken_only_if_nothing_is_asked_of_these():
    row = {"name": None, "username": None, "listening": []}
    assert Selection().takes(row, "kernel")
    assert not any(Selection(**options).takes(row, "kernel") for options in ({"units": ["kernel"]}, {"names": ["p*"]}, {"listening": True}))


def test_patterns_that_no_process_has_are_named():
    selection = Selection(names=["postgres", "nginx"], users=["nobody"])
    selection.takes(ROW, OWNER)
    assert selection.unmatched() == ["names nginx", "users nobody"]
