# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import HOST, TWIN, Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.content import add_content


@pytest.fixture
def unit(tmp_path):
    """A unit with a drop-in, both without a secret."""
    fragment, dropin = tmp_path / "shop.service", tmp_path / "10-a.conf"
    fragment.write_text("[Service]\nExecStart=/bin/true\n")
    dropin.write_text("[Service]\nNice=5\n")
    return fragment, dropin


def _describe(unit, context):
    items = {"shop.service": {"fragment": str(unit[0]), "dropins": [str(unit[1]), "/run/systemd/system/shop.service.d/x.conf"]}}
    return items, add_content(context, items)


def _context(tmp_path, role=HOST, **options):
    return Context(role, root=str(tmp_path), **options)


def test_digest_follows_fragment_and_dropin(unit, tmp_path):
    seen = set()
    for path in (None,) + unit:
        if path:
            path.write_text(path.read_text() + "#\n")
        items, excluded = _describe(unit, _context(tmp_path))
        assert not excluded
        assert items["shop.service"]["dropins"] == [str(unit[1])]
        seen.add(items["shop.service"]["digest"])
    assert len(seen) == 3


def test_unit_with_a_secret_stays_on_the_host(unit, tmp_path):
    unit[0].write_text("[Service]\nEnvironment=DB_PASSWORD=hunter2geheim\n")
    context = _context(tmp_path)
    assert _describe(unit, context) == ({}, {"shop.service": "secret_excluded"})
    # Not even a digest of it is remembered.
    assert [entry[1] for path, entry in context.cache["digests"].items() if path == str(unit[0])] == [None]
    assert "hunter2" not in json.dumps(context.cache)


def test_excluded_unit_stays_on_the_host(unit, tmp_path):
    """As its file does in the scope files: the user's patterns hold for both."""
    assert _describe(unit, _context(tmp_path, exclude=(str(unit[0]),))) == ({}, {"shop.service": "excluded"})


def test_excluded_dropin_is_as_if_it_were_not_there(unit, tmp_path):
    items, excluded = _describe(unit, _context(tmp_path, exclude=(str(unit[1]),)))
    assert not excluded
    assert "dropins" not in items["shop.service"]


def test_dropin_with_a_secret_is_as_if_it_were_not_there(unit, tmp_path):
    unit[1].write_text("[Service]\nEnvironment=DB_PASSWORD=hunter2geheim\n")
    with_secret, excluded = _describe(unit, _context(tmp_path))
    unit[1].unlink()
    items = {"shop.service": {"fragment": str(unit[0])}}
    add_content(_context(tmp_path), items)
    assert not excluded
    assert with_secret == items


def test_a_unit_with_a_secret_is_read_in_a_twin(unit, tmp_path):
    unit[0].write_text("[Service]\nEnvironment=DB_PASSWORD=hunter2geheim\n")
    items, excluded = _describe(unit, _context(tmp_path, TWIN))
    assert not excluded
    assert len(items["shop.service"]["digest"]) == 64


def test_unchanged_files_are_not_read_again(unit, tmp_path):
    context = _context(tmp_path)
    first, _excluded = _describe(unit, context)
    before = json.dumps(context.cache, sort_keys=True)
    rows = context.cache["digests"]
    rows[str(unit[0])] = rows[str(unit[0])]._replace(digest="0" * 64)  # what is remembered, and not the file, must be believed
    second, _excluded = _describe(unit, context)
    assert first["shop.service"]["digest"] != second["shop.service"]["digest"]
    unit[0].write_text(unit[0].read_text() + " ")
    unit[0].write_text(unit[0].read_text()[:-1])
    third, _excluded = _describe(unit, context)
    assert third == first
    assert json.dumps(context.cache, sort_keys=True) != before


@pytest.mark.hostile
def test_a_unit_of_a_user_that_links_to_a_file_of_root_is_not_read(tmp_path):
    (tmp_path / "root.service").write_text("[Service]\n")
    (tmp_path / "user.service").symlink_to("root.service")
    items = {name: {"fragment": str(tmp_path / name)} for name in ("root.service", "user.service")}
    os.lchown(tmp_path / "user.service", 65534, 65534)
    assert add_content(Context(role=TWIN), items) == {}
    assert "digest" in items["root.service"]
    assert "digest" not in items["user.service"]
