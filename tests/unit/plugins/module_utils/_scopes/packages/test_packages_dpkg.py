# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages import dpkg


@pytest.fixture
def context(tmp_path):
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "shop:amd64.list").write_text("/.\n/etc/shop\n/lib/systemd/system/shop.service\n/usr/share/doc/shop\n")
    (info / "shop:amd64.md5sums").write_text("%s  etc/shop/a b\n%s  usr/share/doc/shop/x\n" % ("1" * 32, "2" * 32))
    (tmp_path / "var/lib/dpkg/status").write_text("Package: mail\nStatus: install ok installed\nConffiles:\n /etc/mail.conf %s\n" % ("3" * 32))
    return Context(TWIN, root=str(tmp_path))


def test_paths_read_the_same_on_merged_and_split_systems():
    assert dpkg.modern("/lib/systemd/system/a") == "/usr/lib/systemd/system/a"
    assert dpkg.modern("/lib64/x") == "/usr/lib64/x"
    assert dpkg.modern("/library/x") == "/library/x"
    assert dpkg.modern("/etc/lib/x") == "/etc/lib/x"


def test_the_index_knows_owners_and_sums_where_it_matters(context):
    assert dpkg.index(context) == {
        "owners": {"/etc/shop": "shop", "/usr/lib/systemd/system/shop.service": "shop", "/etc/mail.conf": "mail"},
        "md5": {"/etc/shop/a b": "1" * 32, "/etc/mail.conf": "3" * 32},
    }
    assert dpkg.owners(context, ["/lib/systemd/system/shop.service", "/etc/x"]) == {"/lib/systemd/system/shop.service": "shop"}


def test_the_index_is_kept_until_the_database_changes(context):
    first = dpkg.index(context)
    assert dpkg.index(context) is first
    os.utime(context.at(dpkg.STATUS), ns=(1, 1))
    assert dpkg.index(context) is not first


def test_a_machine_without_dpkg(tmp_path):
    context = Context(root=str(tmp_path))
    assert dpkg.packages(context) == []
    assert dpkg.index(context) == {"owners": {}, "md5": {}}
