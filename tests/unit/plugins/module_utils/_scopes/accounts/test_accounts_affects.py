# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.accounts.affects import reached
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.readers import UnitReaders


@pytest.fixture
def readers():
    item = {"load": "loaded", "active": "active"}
    scopes = {"services": {"items": {"shop.service": dict(item, user="shop"), "mail.service": dict(item, user="mail")}}}
    return UnitReaders(scopes, scopes)


def test_units_of_a_user_whose_numbers_group_or_home_change(readers):
    for field in ("uid", "group", "home"):
        assert list(reached(Change("accounts", "user:shop", {}, {}, (field,)), readers)) == [("shop.service", "restart")]
    assert list(reached(Change("accounts", "user:shop", {}, {}, ("gecos", "shell")), readers)) == []


def test_units_of_those_who_join_or_leave_a_group(readers):
    change = Change("accounts", "group:ssl-cert", {"members": ["shop", "ula"]}, {"members": ["mail", "ula"]}, ("members",))
    assert list(reached(change, readers)) == [("mail.service", "restart"), ("shop.service", "restart")]


def test_new_and_removed_accounts_affect_no_unit(readers):
    assert not reached(Change("accounts", "user:shop", None, {"uid": 1}, ()), readers)
    assert not reached(Change("accounts", "user:shop", {"uid": 1}, None, ()), readers)
