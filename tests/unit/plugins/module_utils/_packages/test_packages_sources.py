# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken of a host's lists of repositories, and where the keys that they name are looked for."""
from __future__ import annotations

import base64

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import sources
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store

LINE = b"deb http://deb.example.org bookworm main\n"


@pytest.fixture(name="scopes")
def fixture_scopes():
    items = {path: {"type": "file", "digest": digest(LINE)} for path in ("/etc/apt/sources.list", "/usr/share/keyrings/own.gpg", "/etc/motd")}
    items["/etc/apt/sources.list.d/link.list"] = {"type": "link", "target": "/srv/link.list"}
    excluded = {"/etc/apt/sources.list.d/private.list": "secret_excluded: it holds a password", "/etc/shadow": "secret_excluded"}
    nothing = {"status": "ok", "note": "", "items": {}, "excluded": {}}
    return {"files": {**nothing, "items": items, "excluded": excluded}, "packages": nothing, "accounts": nothing}


def test_sources_and_keys_are_those_whose_contents_are_here(scopes, tmp_path):
    machine = {"distribution": {"id": "debian"}, "architecture": "x86_64"}
    with open_store(str(tmp_path / "lib"), str(tmp_path / "run")) as store:
        assert sources.apt_sources(store, scopes) == []
        store.blobs.put(digest(LINE), LINE)
        assert [source["path"] for source in sources.apt_sources(store, scopes)] == ["/etc/apt/sources.list", "/usr/share/keyrings/own.gpg"]
        facts = sources.image_facts(store, {"machine": machine, "scopes": scopes})
    assert facts["sources"][0] == {"path": "/etc/apt/sources.list", "content": base64.b64encode(LINE).decode()}


def test_lists_that_did_not_leave_the_host_are_named_with_the_reason(scopes):
    assert sources.withheld(scopes) == [
        "/etc/apt/sources.list.d/link.list was not read: It is a link, and links to lists of repositories are not followed.",
        "/etc/apt/sources.list.d/private.list was not read: It holds a secret, and secrets do not leave the host. (it holds a password)",
    ]


def test_listings_are_the_files_that_name_packages():
    files = {
        "/etc/apt/sources.list.d/a.sources": b"Types: deb-src deb\nURIs: http://m\n", "/etc/apt/sources.list": b"  deb http://m s c\n",
        "/etc/apt/sources.list.d/a.save": b"deb http://m s c\n", "/etc/apt/sources.list.d/b.list": b"# deb http://m s c\ndeb-src http://m s c\n",
        "/etc/apt/sources.list.d/c.sources": b"Types: deb-src\nURIs: http://m\n", "/etc/apt/sources.list.d/d.sources": b"URIs: http://m\nTypes: deb",
        "/etc/apt/sources.list.d/old/e.list": b"deb http://m s c\n",
    }
    assert sources.listings(files) == ["/etc/apt/sources.list", "/etc/apt/sources.list.d/a.sources", "/etc/apt/sources.list.d/d.sources"]


def test_entries_are_lines_or_stanzas_that_name_packages():
    assert sources.entries("/etc/apt/sources.list", b"# deb http://off s c\ndeb http://a s c\r\ndeb-src http://a s c\n  deb http://b s c") == [
        b"deb http://a s c\n", b"  deb http://b s c\n",
    ]
    inline = b"Types: deb\nURIs: http://a\nSigned-By:\n -----BEGIN\n .\n mQ==\n"
    assert sources.entries("/x.sources", b"# only words\n\n" + inline + b" \t\n\nTypes: deb-src\nURIs: http://a\n\n\nTypes: deb\nURIs: http://b\n") == [
        inline, b"Types: deb\nURIs: http://b\n",
    ]


@pytest.mark.parametrize(("listing", "place", "named"), [
    ("deb [arch=amd64 signed-by=/k/a.gpg] https://x s m", "signed-by=/w/k/a.gpg] https://x s m", ["/k/a.gpg"]),
    ("deb [signed-by=\"/k/a.gpg\" arch=amd64] http://m s c", "[signed-by=\"/w/k/a.gpg\" arch=amd64] http://m", ["/k/a.gpg"]),
    ("deb [signed-by=/k/a.gpg,/k/b.gpg arch=amd64] https://x s m", "=/w/k/a.gpg,/w/k/b.gpg arch", ["/k/a.gpg", "/k/b.gpg"]),
    ("Signed-By: /k/a.gpg\nURIs: http://m/a\n", "Signed-By: /w/k/a.gpg\nURIs: http://m/a\n", ["/k/a.gpg"]),
    ("Signed-By: /k/a.gpg /k/b.gpg\n", "/w/k/a.gpg /w/k/b.gpg\n", ["/k/a.gpg", "/k/b.gpg"]),
    ("signed-by:\n /k/a.gpg\n", "\n /w/k/a.gpg\n", ["/k/a.gpg"]),
    ("Signed-By: /../../../none/../k.gpg\n", "Signed-By: /w/k.gpg\n", ["/k.gpg"]),
    ("Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n /mQ/a==\n", "-----\n .\n /mQ/a==\n", []),
    ("Signed-By: 0123456789ABCDEF0123456789ABCDEF01234567\nURIs: http://m/a", "ABCDEF01234567\nURIs: http://m/a", []),
])
def test_keys_are_looked_for_below_the_root(listing, place, named):
    assert place in sources.placed(listing.encode(), "/w").decode()
    assert sources.named_keys([listing.encode()]) == named
