# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages import collect as packages
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages import dpkg

STATUS = """\
Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21.22
Conffiles:
 /etc/dpkg/dpkg.cfg f4413ffb515f8f753624ae3bb365b81b
 /etc/alternatives/READ ME 7be88b21f7e386c8d5a8790c2461c92b
 /etc/old 00000000000000000000000000000000 obsolete
Description: Debian package management system
 Package: not a field
 Version: not a field

Package: nginx
Status: hold ok installed
Architecture: all
Version: 1:1.22.1-9

Package: gone
Status: deinstall ok config-files
Architecture: i386
Version: 2

Package: half
Status: install reinstreq half-configured
Architecture: amd64
Version: 3

Package: waits
Status: install ok triggers-awaited
Architecture: amd64
Version: 4

Package: never
Status: purge ok not-installed
Architecture: amd64
"""
EXTENDED = """\
Package: nginx
Architecture: amd64
Auto-Installed: 1

Package: half
Architecture: amd64
Auto-Installed: 0
"""
POLICY = """\
dpkg:
  Installed: 1.21.22
  Candidate: 1.22
  Version table:
     1.22 500
        500 http://newer.example/debian bookworm/main amd64 Packages
 *** 1.21.22 500
        500 http://web:hunter2@deb.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
     1.20 500
        500 http://older.example/debian bookworm/main amd64 Packages
local:
  Installed: 1
  Candidate: 1
  Version table:
 *** 1 100
        100 /var/lib/dpkg/status
"""


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "var/lib/dpkg/info").mkdir(parents=True)
    (tmp_path / "var/lib/apt").mkdir()
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    (tmp_path / "var/lib/apt/extended_states").write_text(EXTENDED)
    (tmp_path / "var/lib/dpkg/info/nginx.list").write_text("/.\n/etc\n/etc/nginx\n/lib/systemd/system/nginx.service\n/usr/bin/nginx\n")
    (tmp_path / "var/lib/dpkg/info/nginx.md5sums").write_text("0123456789abcdef0123456789abcdef  lib/systemd/system/nginx.service\n")
    return tmp_path


def test_items(machine):
    items = packages.collect(Context(TWIN, root=str(machine)))["items"]
    assert items == {
        "dpkg:amd64": {"version": "1.21.22", "status": "installed", "held": False, "automatic": False},
        "nginx:all": {"version": "1:1.22.1-9", "status": "installed", "held": True, "automatic": True},
        "gone:i386": {"version": "2", "status": "config-files", "held": False, "automatic": False},
        "half:amd64": {"version": "3", "status": "broken", "held": False, "automatic": False},
        "waits:amd64": {"version": "4", "status": "installed", "held": False, "automatic": False},
    }


def test_only_what_was_asked_for(machine):
    assert list(packages.collect(Context(TWIN, root=str(machine), only=["gone:i386"]))["items"]) == ["gone:i386"]


def test_origins_are_asked_again_only_when_something_changed(machine):
    context = Context(root=str(machine), cache={})
    packages.collect(context)
    context.cache["origins"] = {"dpkg:amd64": "remembered"}
    assert packages.collect(context)["items"]["dpkg:amd64"]["origin"] == "remembered"
    (machine / "var/lib/dpkg/status").write_text(STATUS + "\n")
    assert packages.collect(context)["items"]["dpkg:amd64"]["origin"] != "remembered"


def test_a_machine_without_a_package_database(tmp_path):
    body = packages.collect(Context(root=str(tmp_path)))
    assert body["items"] == {} and (body["status"], bool(body["note"])) in (("empty", True), ("ok", False))


def test_policy_names_the_source_of_the_installed_version():
    origins = packages.parse_policy(POLICY)
    assert origins == {"dpkg": "http://web:[redacted]@deb.example/debian bookworm/main amd64 Packages", "local": ""}


def test_conffiles():
    assert dpkg.parse_status(STATUS)[0].conffiles == {
        "/etc/dpkg/dpkg.cfg": "f4413ffb515f8f753624ae3bb365b81b",
        "/etc/alternatives/READ ME": "7be88b21f7e386c8d5a8790c2461c92b",
        "/etc/old": "0" * 32,
    }


def test_owners_know_merged_and_split_trees(machine):
    context = Context(root=str(machine))
    merged, split = "/usr/lib/systemd/system/nginx.service", "/lib/systemd/system/nginx.service"
    assert dpkg.owners(context, [merged, split, "/etc/nginx", "/etc/dpkg/dpkg.cfg", "/etc/other"]) == {
        merged: "nginx", split: "nginx", "/etc/nginx": "nginx", "/etc/dpkg/dpkg.cfg": "dpkg",
    }
    assert dpkg.index(context)["md5"][merged] == "0123456789abcdef" * 2


def test_the_index_is_built_again_when_a_package_comes(machine):
    context = Context(root=str(machine))
    assert not dpkg.owners(context, ["/etc/new"])
    (machine / "var/lib/dpkg/info/new:amd64.list").write_text("/etc/new\n")
    assert dpkg.owners(context, ["/etc/new"]) == {"/etc/new": "new"}


@pytest.mark.skipif(not pathlib.Path("/var/lib/dpkg/status").exists(), reason="not a Debian machine")
def test_this_machine_agrees_with_dpkg_query():
    from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check

    shown = check(["dpkg-query", "-W", "-f", "${Package}:${Architecture} ${Version} ${db:Status-Status}\n"], "Listing packages").decode()
    expected = {line.split(" ")[0]: line.split(" ")[1] for line in shown.splitlines() if line.endswith(" installed")}
    items = packages.collect(Context(TWIN))["items"]
    assert {key: item["version"] for key, item in items.items() if item["status"] == "installed"} == expected
