# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of an image as a repository on disk, from a real one."""
from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._image import repository as image_repository
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import aptroot

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb") or not shutil.which("apt-get"), reason="fetching needs apt")


@pytest.fixture(name="apt")
def fixture_apt(repository, tmp_path):
    repository.add("base", "1:1.0", "Essential: yes\n", arch="amd64")
    repository.add("shop", "1", "Depends: lib\n")
    repository.add("lib", "1")
    repository.add("lib", "2")
    repository.add("other", "1")
    apt = aptroot.Apt(str(tmp_path / "root"), {source["path"]: source["content"] for source in repository.sources}, ["amd64"], repository.permits)
    assert apt.update()
    return apt


def test_it_holds_what_an_empty_machine_needs_and_nothing_else(apt, tmp_path):
    image_repository.make(apt, ["shop"], "bookworm", str(tmp_path / "kept"), str(tmp_path / "made"))
    index = (tmp_path / "made/Packages").read_text()
    assert [line for line in index.splitlines() if line.startswith(("Package", "Version"))] == [
        "Package: base", "Version: 1:1.0", "Package: lib", "Version: 2", "Package: shop", "Version: 1",
    ]
    for line in index.splitlines():
        if line.startswith("SHA256: "):
            assert hashlib.sha256((tmp_path / "made" / (line[8:] + ".deb")).read_bytes()).hexdigest() == line[8:]
    release = (tmp_path / "made/Release").read_text()
    assert "Codename: bookworm\n" in release and hashlib.sha256(index.encode()).hexdigest() in release
    assert not os.path.exists(str(tmp_path / "made") + ".incoming")


def test_a_package_file_is_fetched_once(apt, tmp_path, monkeypatch):
    image_repository.make(apt, ["shop"], "bookworm", str(tmp_path / "kept"), str(tmp_path / "made"))

    def refuse(*_arguments):
        raise AssertionError("nothing is to be fetched")

    monkeypatch.setattr(apt, "download", refuse)
    image_repository.make(apt, ["shop"], "bookworm", str(tmp_path / "kept"), str(tmp_path / "again"))
    assert sorted(os.listdir(tmp_path / "again")) == sorted(os.listdir(tmp_path / "made"))


def test_a_file_that_is_not_what_the_index_names_is_not_kept(apt, tmp_path, repository):
    shop = next(archive for archive in apt.chosen(["shop"]) if archive.package["name"] == "shop")
    for path in repository.directory.glob("shop_*"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(TwinError, match="Fetching shop 1 for the base image failed: .*SHA256"):
        image_repository.make(apt, ["shop"], "bookworm", str(tmp_path / "kept"), str(tmp_path / "made"))
    assert shop.digest + ".deb" not in os.listdir(tmp_path / "kept")


def test_only_ordinary_files_have_a_digest(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert image_repository.summed(str(tmp_path / "file")) == hashlib.sha256(b"x").hexdigest()
    assert image_repository.summed(str(tmp_path / "link")) == ""


def test_a_choice_that_cannot_be_made_is_a_sentence(apt):
    with pytest.raises(TwinError, match="packages of a base image cannot be chosen: .*nowhere"):
        apt.chosen(["nowhere"])
