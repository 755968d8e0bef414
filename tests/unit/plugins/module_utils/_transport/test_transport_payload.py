# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import payload
from ansible_collections.safetytwin.twin.plugins.module_utils._transport.payload import read_back

SOURCES = digest(b"deb http://deb.example.org bookworm main")
MACHINE = {"distribution": {"id": "debian", "version_id": "12", "codename": "bookworm"}, "architecture": "x86_64"}


def body(**items):
    return {"status": "ok", "note": "", "items": items, "excluded": {}}


def test_read_items_replace_known_ones_only():
    before = {"accounts": body(a=1, b=2), "files": body(kept=1, edited=1, gone=1), "services": body(cron=1)}
    read = {"accounts": None, "files": ["edited", "gone", "new"]}
    after = read_back(before, {"read": read, "scopes": {"accounts": body(a=1), "files": body(edited=2, new=1)}})
    assert after == {"accounts": body(a=1), "files": body(kept=1, edited=2, new=1), "services": body(cron=1)}
    assert before["files"] == body(kept=1, edited=1, gone=1)


def test_a_scope_that_could_not_be_read_back_stays_as_it_was_known():
    before = {"files": body(edited=1, kept=1), "accounts": body(a=1)}
    broken = dict(body(), status="failed", note="no answer")
    after = read_back(before, {"read": {"files": ["edited"], "accounts": None}, "scopes": {"files": broken, "accounts": broken}})
    assert after == before


@pytest.fixture
def store(tmp_path):
    with open_store(str(tmp_path / "lib"), str(tmp_path / "run")) as opened:
        yield opened


def package(name):
    return {"id": "packages:" + name, "scope": "packages", "key": name + ":amd64", "have": None, "want": {"version": "1", "status": "installed"}}


def test_without_one_of_the_package_sources_nothing_is_said_of_what_repositories_have(store):
    document = {"machine": MACHINE, "scopes": {"files": body(**{"/etc/apt/sources.list": {"type": "file", "digest": SOURCES}})}}
    steps, nothing = [package("bc"), package("dc")], {"packages": body()}
    pending = "content_pending: 1 of the host's package sources"
    assert payload.fetch_packages(store, document, steps, {}) == {"files": {}, "reasons": {"bc:amd64": pending, "dc:amd64": pending}}
    assert payload.missing_contents(store, document, steps, nothing) == [SOURCES]
    assert payload.missing_contents(store, document, [], nothing) == []
    store.blobs.put(SOURCES, b"deb http://deb.example.org bookworm main")
    assert payload.missing_contents(store, document, steps, nothing) == []
