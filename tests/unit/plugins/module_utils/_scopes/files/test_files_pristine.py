# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import pristine


@pytest.fixture
def spool(tmp_path):
    """A request that came with a package of one file."""
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/lib/systemd/system").mkdir(parents=True)
    (tree / "usr/lib/systemd/system/shop.service").write_text("[Service]\n")
    (tree / "DEBIAN/control").write_text("Package: shop\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
    deb = tmp_path / "shop_1_all.deb"
    check(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(deb)], "Building a package")
    return types.SimpleNamespace(directory=str(tmp_path / "spool"), packages={"shop:all": {"1": str(deb)}})


def test_a_path_of_a_package_of_the_request_is_unpacked(spool, monkeypatch):
    path = b"/usr/lib/systemd/system/shop.service"
    monkeypatch.setattr(pristine, "_owners", lambda paths: [(path, "shop"), (b"/etc/other", "other")])
    places = pristine.unpack([path], spool)
    assert list(places) == [path]
    first, older = places[path]
    with open(first, "rb") as stream:
        assert stream.read() == b"[Service]\n"
    assert older.endswith(b"/lib/systemd/system/shop.service") and b"/usr/lib" not in older


def test_without_packages_dpkg_is_not_asked(spool, monkeypatch):
    monkeypatch.setattr(pristine, "run", lambda *_words: 1 / 0)
    spool.packages = {}
    assert pristine.unpack([b"/etc/a"], spool) == {}


def test_a_path_that_dpkg_would_read_as_a_pattern_has_no_owner(monkeypatch):
    monkeypatch.setattr(pristine, "run", lambda *_words: 1 / 0)
    assert list(pristine._owners([b"/etc/[a]", b"/etc/*", b"/etc/a\nb"])) == []


def test_a_package_without_files_is_a_sentence(spool, tmp_path):
    (tmp_path / "spool/unpacked/empty.deb").mkdir(parents=True)
    with pytest.raises(TwinError, match="empty.deb holds no files"):
        pristine._unpacked("/x/empty.deb", spool)
