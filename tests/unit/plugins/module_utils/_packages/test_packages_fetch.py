# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check, run
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import fetch as packages_fetch
from ansible_collections.safetytwin.twin.plugins.module_utils._packages.listing import Permits

MACHINE = {"distribution": {"id": "debian", "version_id": "12", "codename": "bookworm"}, "architecture": "x86_64"}

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb") or not shutil.which("apt-get"), reason="fetching needs apt")


def test_the_name_of_a_file_is_the_one_apt_gives():
    assert packages_fetch.file_name("libc6", "amd64", "1:2.36-9+b1~x") == "libc6_1%3a2.36-9+b1~x_amd64.deb"


def test_a_host_without_sources_is_a_sentence(tmp_path):
    found = packages_fetch.fetch([{"name": "a", "arch": "all", "version": "1", "have": ""}], MACHINE, [], [], str(tmp_path), Permits())
    assert list(found["reasons"]) == ["a:all"]
    assert "no package sources" in found["reasons"]["a:all"]


@pytest.fixture
def fetch(repository, tmp_path):
    (tmp_path / "packages").mkdir()

    def call(*wanted, **options):
        rows = [{"name": name, "arch": "all", "version": version, "have": ""} for name, version in wanted]
        return packages_fetch.fetch(rows, MACHINE, repository.sources, [], str(tmp_path / "packages"), repository.permits, **options)

    return call


def test_the_exact_version_is_fetched_and_then_kept(repository, fetch):
    repository.add("shop", "1:1.0-1")
    repository.add("shop", "1:2.0-1")
    first = fetch(("shop", "1:1.0-1"))
    path = pathlib.Path(first["files"]["shop:all"])
    assert path.name == "shop_1%3a1.0-1_all.deb"
    assert check(["dpkg-deb", "--field", str(path), "Version"], "Reading").strip() == b"1:1.0-1"
    assert first["reasons"] == {}

    def nothing(*_arguments, **_options):
        raise AssertionError("a program was started")

    assert fetch(("shop", "1:1.0-1"), run=nothing) == first


def test_the_next_newer_version_replaces_a_version_that_is_gone(repository, fetch):
    for version in ("9", "10", "2"):
        repository.add("shop", version)
    found = fetch(("shop", "3"), ("nowhere", "1"))
    assert found["reasons"] == {"shop:all": "package_version_gone: 9 is the nearest", "nowhere:all": "package_unavailable"}
    assert found["files"]["shop:all"].endswith("shop_9_all.deb")


def test_an_unknown_version_has_the_index_read_anew_but_not_each_time(repository, fetch, monkeypatch):
    repository.add("shop", "1")
    fetch(("shop", "1"))
    repository.add("shop", "2")
    assert fetch(("shop", "2"))["reasons"] == {"shop:all": "package_version_gone: 1 is the nearest"}, "asked again at once, the index of a moment ago holds"
    monkeypatch.setattr(packages_fetch, "RECENT", -1)
    assert fetch(("shop", "2"))["reasons"] == {}


def test_a_file_that_differs_from_the_index_is_refused(repository, fetch, tmp_path):
    repository.add("shop", "1")
    repository.add("fine", "1")
    with open(repository.directory / "shop_1.deb", "r+b") as stream:
        stream.write(b"!<ARCH>")
    found = fetch(("shop", "1"), ("fine", "1"))
    assert (list(found["files"]), list(found["reasons"])) == (["fine:all"], ["shop:all"])
    assert found["reasons"]["shop:all"].startswith("package_not_fetched: shop:all 1: ")
    assert [path.name for path in (tmp_path / "packages/debian-12").glob("*/*")] == ["fine_1_all.deb"]


def test_a_silent_repository_stops_nothing(repository, fetch):
    repository.sources[0]["content"] = b"deb http://127.0.0.1:9/ ./\n"
    found = fetch(("shop", "1"))
    assert list(found["reasons"]) == ["shop:all"]
    assert found["reasons"]["shop:all"].startswith("repository_unreadable: Failed to fetch http://127.0.0.1:9/./")


def test_a_repository_that_is_refused_is_the_reason(repository, fetch):
    repository.sources[0]["content"] = b"deb file:/srv/repo ./\n"
    reason = fetch(("shop", "1"))["reasons"]["shop:all"]
    assert reason.startswith("repository_unreadable: /etc/apt/sources.list, entry 1 (deb file:/srv/repo ./), is not read: ")


def test_apt_does_not_use_this_machines_packages(fetch, repository):
    repository.add("shop", "1")
    seen = []

    def watched(argv, **options):
        seen.append(options["env"]["APT_CONFIG"])
        return run(argv, **options)

    assert fetch(("dpkg", "1"), run=watched)["reasons"] == {"dpkg:all": "package_unavailable"}
    assert seen
