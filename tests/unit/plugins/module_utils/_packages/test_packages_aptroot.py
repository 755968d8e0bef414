# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of apt's words, and a private root against a real repository."""
from __future__ import annotations

import math
import os
import shutil
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import Result
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import aptroot
from ansible_collections.safetytwin.twin.plugins.module_utils._packages.listing import Permits

needs_apt = pytest.mark.skipif(not shutil.which("dpkg-deb") or not shutil.which("apt-get"), reason="fetching needs apt")


def test_packages_that_cannot_be_installed_are_read_from_apts_message():
    said = (
        "x\nThe following packages have unmet dependencies:\n php : Depends: a (= 1) but it is not going to be installed\n"
        " libb:i386 : Conflicts: c\nE: Unable to correct problems\n"
    )
    assert aptroot.unmet(said) == ["libb:i386", "php"]
    assert aptroot.unmet("E: Unable to locate package nope\nE: Package 'old' has no installation candidate\n") == ["nope", "old"]


def test_apts_complaints_are_lines_of_text_with_the_hosts_paths():
    said = (
        b"E: Failed to fetch http://m/dists/s/InRelease  403  For\x1b[31mbidden\n   Hashes of expected file:\nW: Target Packages is configured twice\n"
        b"W: An error occurred during the signature verification.\nE: Malformed entry 1 in list file /w/root/etc/apt/sources.list (URI)\n"
        b"E: Some index files failed to download. They have been ignored, or old ones used instead.\n"
    )
    assert aptroot.complaints(said, "/w/root") == [
        "Failed to fetch http://m/dists/s/InRelease 403 For\\x1b[31mbidden", "An error occurred during the signature verification.",
        "Malformed entry 1 in list file /etc/apt/sources.list (URI)",
    ]
    assert [len(line) for line in aptroot.complaints(b"E: " + b"x" * 1000, "/w")] == [aptroot.COMPLAINT]
    assert len(aptroot.complaints(b"E: x\n" * 1000, "/w")) == aptroot.COMPLAINTS


@pytest.mark.hostile
def test_names_and_versions_in_an_index_are_checked(tmp_path):
    """A version becomes part of a file's name, and a dependency a package to install: a repository may serve anything."""
    def answer(argv, **_options):
        stanzas = "".join("Package: ab\nVersion: %s\nArchitecture: amd64\n\n" % version for version in ("1.2-3", "/../../x", "-o", "1.2'", "../x"))
        depends = "Package: linux\nDepends: %s (= 1), b\n" % ("ok" if "good" in argv else "-oDir::Log=/x")
        return Result(0, (depends if "--no-all-versions" in argv else stanzas).encode(), b"")

    apt = aptroot.Apt(str(tmp_path / "root"), {}, ["amd64"], Permits(), answer)
    assert apt.versions(["ab:amd64"]) == {"ab:amd64": ["1.2-3"]}
    assert apt.first_dependency("good") == "ok"
    with pytest.raises(TwinError, match="no dependency of bad is known"):
        apt.first_dependency("bad")


@pytest.fixture(name="make")
def fixture_make(repository, tmp_path):
    """The Apt of the repository and of further listings, {name: content}; always in one root."""

    def make(**more):
        files = {source["path"]: source["content"] for source in repository.sources}
        files.update({"/etc/apt/sources.list.d/%s.list" % name: content for name, content in more.items()})
        return aptroot.Apt(str(tmp_path / "root"), files, ["amd64", "i386"], repository.permits)

    return make


@needs_apt
def test_packages_that_cannot_be_fetched_are_left_out(repository, make):
    repository.add("shop", "1")
    apt = make(gone=repository.sources[0]["content"].replace(b"./", b"./gone/"))
    assert not apt.update()
    lost = apt.leave_out_lost()
    assert len(lost) == 1 and lost[0].startswith("/etc/apt/sources.list.d/gone.list: ") and "404" in lost[0]
    assert apt.listings == ["/etc/apt/sources.list"]
    assert not os.path.exists(apt.root + "/etc/apt/sources.list.d/gone.list")
    assert apt.update()
    assert apt.available() == {"shop"}


@needs_apt
def test_entries_of_a_listing_are_left_out_one_by_one(repository, make):
    repository.add("shop", "1")
    repository.sources[0]["content"] += b"deb nonsense\n" + repository.sources[0]["content"].replace(b"./", b"./gone/")
    apt = make()
    assert not apt.update()
    lost = apt.leave_out_lost()
    assert len(lost) == 1 and "404" in lost[0]
    assert len(apt.refused) == 1 and "entry 2 (deb nonsense)" in apt.refused[0]
    assert apt.listings == ["/etc/apt/sources.list.d/sources.entry-0.list"]
    assert apt.unread() == apt.refused
    assert apt.available() == {"shop"}


@needs_apt
def test_without_a_single_repository_there_is_no_image(repository, make):
    repository.add("shop", "1")
    repository.sources[0]["content"] = repository.sources[0]["content"].replace(b"./", b"./gone/")
    apt = make()
    assert not apt.update()
    with pytest.raises(TwinError, match="None of the host's package sources can be read: /etc/apt/sources.list: .*404"):
        apt.leave_out_lost()


@needs_apt
def test_packages_that_cannot_be_installed_are_separated(repository, make):
    repository.add("base", "1")
    repository.add("shop", "1", "Depends: base\nRecommends: nowhere\n")
    repository.add("broken", "1", "Depends: nowhere\n")
    apt = make()
    assert apt.update()
    assert apt.installable(["base"], ["shop", "broken"]) == (["shop"], ["broken"])
    with pytest.raises(TwinError, match="lack what a twin needs to boot"):
        apt.installable(["broken"], ["shop"])


@needs_apt
def test_what_a_metapackage_brings_is_named(repository, make):
    repository.add("linux-image-amd64", "1", "Depends: linux-image-5 (= 1), more\n")
    repository.add("linux-image-amd64", "2", "Depends: linux-image-6 (= 2) | more\n")
    apt = make()
    apt.update()
    assert apt.first_dependency("linux-image-amd64") == "linux-image-6"
    with pytest.raises(TwinError, match="no dependency of nowhere is known"):
        apt.first_dependency("nowhere")


@needs_apt
def test_versions_are_those_of_the_architecture_asked_for(repository, make):
    for version, arch in (("1", "amd64"), ("2", "i386"), ("3", "i386"), ("4", "all")):
        repository.add("lib" if arch != "all" else "data", version, arch=arch)
    apt = make()
    apt.update()
    assert apt.versions(["lib:i386", "data:all", "nowhere:amd64"]) == {"lib:i386": ["3", "2"], "data:all": ["4"]}
    assert apt.versions(["lib:amd64", "lib:i386"]) == {"lib:amd64": ["1"], "lib:i386": ["3", "2"]}


@needs_apt
def test_an_index_of_the_future_is_as_old_as_one_that_was_never_read(repository, make):
    repository.add("shop", "1")
    apt = make()
    assert apt.age() == math.inf
    apt.update()
    assert 0 <= apt.age() < 3600
    ahead = time.time() + 3600
    os.utime(os.path.join(apt.root, aptroot.STAMP), (ahead, ahead))
    assert apt.age() == math.inf


@needs_apt
def test_a_root_that_a_kill_left_half_made_is_made_whole(repository, make):
    repository.add("shop", "1")
    apt = make()
    os.unlink(apt.root + "/apt.conf")
    os.unlink(apt.root + "/etc/apt/sources.list")
    assert make().update()


@needs_apt
def test_this_machines_settings_do_not_count(make):
    told = make()._call("apt-config", "dump").out.decode()
    assert "Post-Invoke" not in told
    assert 'APT::Architectures:: "i386";' in told
