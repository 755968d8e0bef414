# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of listings and of apt's words, and a private root against a real repository."""
from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import aptroot

needs_apt = pytest.mark.skipif(not shutil.which("dpkg-deb") or not shutil.which("apt-get"), reason="fetching needs apt")


def test_listings_are_the_files_that_name_packages():
    files = {
        "/etc/apt/sources.list.d/a.sources": b"Types: deb-src deb\nURIs: http://m\n", "/etc/apt/sources.list": b"  deb http://m s c\n",
        "/etc/apt/sources.list.d/a.save": b"deb http://m s c\n", "/etc/apt/sources.list.d/b.list": b"# deb http://m s c\ndeb-src http://m s c\n",
        "/etc/apt/sources.list.d/c.sources": b"Types: deb-src\nURIs: http://m\n", "/etc/apt/sources.list.d/d.sources": b"URIs: http://m\nTypes: deb",
    }
    assert aptroot.listings(files) == ["/etc/apt/sources.list", "/etc/apt/sources.list.d/a.sources", "/etc/apt/sources.list.d/d.sources"]


@pytest.mark.parametrize(("listing", "place"), [
    ("deb [arch=amd64 signed-by=/etc/apt/keyrings/own.gpg] https://x s m", "signed-by=/w/etc/apt/keyrings/own.gpg]"),
    ("Signed-By: /etc/apt/keyrings/own.gpg\n", "Signed-By: /w/etc/apt/keyrings/own.gpg\n"),
    ("deb [signed-by=/usr/share/k.gpg] http://m s c", "[signed-by=/usr/share/k.gpg]"),
    ("Signed-By: /usr/share/keyrings/own.gpg\n", "Signed-By: /usr/share/keyrings/own.gpg\n"),
    ("deb [signed-by=/etc/apt/keyrings/a.gpg,/etc/apt/keyrings/own.gpg arch=amd64] https://x s m", "/etc/apt/keyrings/a.gpg,/w/etc/apt/keyrings/own.gpg arch"),
    ("Signed-By: /etc/apt/keyrings/a.gpg /etc/apt/keyrings/own.gpg\n", "/etc/apt/keyrings/a.gpg /w/etc/apt/keyrings/own.gpg"),
])
def test_signed_by_names_the_copied_keys(listing, place):
    assert place in aptroot.resigned(listing, {"/etc/apt/keyrings/own.gpg": b"k"}, "/w")


def test_packages_that_cannot_be_installed_are_read_from_apts_message():
    said = (
        "x\nThe following packages have unmet dependencies:\n php : Depends: a (= 1) but it is not going to be installed\n"
        " libb:i386 : Conflicts: c\nE: Unable to correct problems\n"
    )
    assert aptroot.unmet(said) == ["libb:i386", "php"]
    assert aptroot.unmet("E: Unable to locate package nope\nE: Package 'old' has no installation candidate\n") == ["nope", "old"]


@pytest.fixture(name="make")
def fixture_make(repository, tmp_path):
    """The Apt of the repository and of further listings, {name: content}; always in one root."""

    def make(**more):
        files = {source["path"]: source["content"] for source in repository.sources}
        files.update({"/etc/apt/sources.list.d/%s.list" % name: content for name, content in more.items()})
        return aptroot.Apt(str(tmp_path / "root"), files, ["amd64", "i386"])

    return make


@needs_apt
def test_packages_that_cannot_be_fetched_are_left_out(repository, make):
    repository.add("shop", "1")
    apt = make(gone=repository.sources[0]["content"].replace(b"./", b"./gone/"))
    assert not apt.update()
    assert apt.leave_out_lost() == ["/etc/apt/sources.list.d/gone.list"]
    assert apt.listings == ["/etc/apt/sources.list"]
    assert not os.path.exists(apt.root + "/etc/apt/sources.list.d/gone.list")
    assert apt.update()
    assert apt.available() == {"shop"}


@needs_apt
def test_a_listing_that_is_only_partly_there_is_no_listing(repository, make):
    repository.add("shop", "1")
    repository.sources[0]["content"] += repository.sources[0]["content"].replace(b"./", b"./gone/")
    apt = make()
    assert not apt.update()
    assert apt.available() == {"shop"}
    with pytest.raises(TwinError, match="None of the host's package sources"):
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
