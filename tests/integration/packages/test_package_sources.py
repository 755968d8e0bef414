# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package files are fetched from all forms of repository lists, and an unreadable repository is reported differently from a missing version."""
from __future__ import annotations

import os
import time

import pytest
from repositories import field
from safetytwin._packages import fetch as packages_fetch
from safetytwin._packages.listing import Permits

MACHINE = {"distribution": {"id": "debian", "version_id": "12", "codename": "stable"}, "architecture": "x86_64"}


@pytest.fixture(name="fetch")
def fixture_fetch(server, tmp_path):
    """Fetches packages: (name:arch, version) or (name:arch, version, the twin's version)."""
    directory = tmp_path / "packages"
    directory.mkdir()

    def fetch(*wanted, unread=(), permits=()):
        rows = [(*each, "")[:3] for each in wanted]
        wanted = [dict(zip(("name", "arch"), key.split(":")), version=version, have=have) for key, version, have in rows]
        found = packages_fetch.fetch(wanted, MACHINE, server.sources, unread, str(directory), Permits(*permits))
        return {key: field(path, "Version") for key, path in found["files"].items()}, found["reasons"]

    fetch.roots = directory / "apt"
    return fetch


def test_repositories_of_one_server_are_read_one_by_one(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.add("debian-security", "stable-security", "1.0-1+deb12u1")
    server.list("debian.list", "deb @/debian stable main\ndeb @/debian-security/ stable-security main\n")
    assert fetch(("shop:all", "1.0-1+deb12u1")) == ({"shop:all": "1.0-1+deb12u1"}, {})
    assert fetch(("shop:all", "1.0-1")) == ({"shop:all": "1.0-1"}, {})


def test_a_stand_in_comes_from_the_same_upstream_release_and_not_from_a_newer_suite(server, fetch):
    server.add("debian", "stable", "1.0-1+deb12u1", "1.0-1+deb12u2")
    server.add("debian", "testing", "1.0-2", "2.0-1")
    server.list("mirror.list", "deb @/debian testing main\ndeb @/debian stable main\n")
    files, reasons = fetch(("shop:all", "1.0-1"))
    assert (files, reasons) == ({"shop:all": "1.0-1+deb12u1"}, {"shop:all": "package_version_gone: 1.0-1+deb12u1 is the nearest"})
    assert fetch(("shop:all", "2.0-1")) == ({"shop:all": "2.0-1"}, {})


def test_a_twin_is_not_given_an_older_version_than_it_has(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    assert fetch(("shop:all", "1.2-1", "1.1-1")) == ({}, {"shop:all": "package_version_gone: there are only older ones"})
    assert fetch(("shop:all", "1.2-1")) == ({"shop:all": "1.0-1"}, {"shop:all": "package_version_gone: 1.0-1 is the nearest"})


def test_a_version_is_gone_only_if_every_repository_was_read(server, fetch):
    server.add("debian", "stable", "1.0-1", "2.0-1")
    server.add("debian-security", "stable-security", "1.1-1")
    server.list("debian.sources", "Types: deb\nURIs: @/debian\nSuites: stable\nComponents: main\n\n"
                                  "Types: deb\nURIs: @/debian-security\nSuites: stable-security\nComponents: main\n")
    server.refused.append("/debian-security")
    files, reasons = fetch(("shop:all", "1.1-1", "1.0-1"), ("nowhere:all", "1"))
    assert files == {}, "the version that the twin has is not exchanged for one that may be as wrong"
    assert set(reasons) == {"shop:all", "nowhere:all"}
    for reason in reasons.values():
        assert reason.startswith(f"repository_unreadable: Failed to fetch {server.url}/debian-security/dists/stable-security/InRelease 403")
    assert fetch(("shop:all", "1.0-1")) == ({"shop:all": "1.0-1"}, {}), "what a repository that was read has is fetched"
    files, reasons = fetch(("shop:all", "0.9-1"))
    assert files == {"shop:all": "1.0-1"} and reasons["shop:all"].startswith("repository_unreadable: ")


def test_what_no_repository_has_is_told_from_what_could_not_be_read(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    assert fetch(("nowhere:amd64", "1")) == ({}, {"nowhere:amd64": "package_unavailable"})
    assert fetch(("nowhere:amd64", "1"), unread=["/etc/apt/sources.list.d/private.list was not read: why"]) == (
        {}, {"nowhere:amd64": "repository_unreadable: /etc/apt/sources.list.d/private.list was not read: why"},
    )


def test_stanzas_have_their_own_keys_and_disabled_ones_are_not_asked(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.add("vendor", "any", "2.0-1", key=1)
    del server.files["/etc/apt/trusted.gpg.d/one.asc"]
    server.files["/usr/share/keyrings/vendor.gpg"] = server.keys[1].binary
    inline = "".join(" %s\n" % (line or ".") for line in server.keys[0].armored.splitlines())
    server.list("all.sources", f"Types: deb\nURIs: @/debian\nSuites: stable\nComponents: main\nSigned-By:\n{inline}\n"
                               "# the vendor's\nTypes: deb deb-src\nURIs: @/vendor\nSuites: any\nComponents: main\nArchitectures: amd64\n"
                               "Signed-By: /usr/share/keyrings/vendor.gpg\n\n"
                               "Enabled: no\nTypes: deb\nURIs: http://127.0.0.1:9/\nSuites: none\nComponents: main\n")
    assert fetch(("shop:all", "1.0-1"), ("shop:all", "2.0-1"))[1] == {}
    assert fetch(("nowhere:all", "1"))[1] == {"nowhere:all": "package_unavailable"}


def test_a_key_of_another_repository_does_not_count(server, fetch):
    server.add("vendor", "any", "2.0-1", key=1)
    server.files["/etc/apt/keyrings/vendor.gpg"] = server.keys[0].binary
    server.list("vendor.list", "deb [arch=amd64 signed-by=/etc/apt/keyrings/vendor.gpg] @/vendor any main\n")
    files, reasons = fetch(("shop:all", "2.0-1"))
    assert files == {} and reasons["shop:all"].startswith("repository_unreadable: ") and "NO_PUBKEY" in reasons["shop:all"]


def test_an_index_that_is_no_longer_signed_rightly_is_told(server, fetch, monkeypatch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    assert fetch(("shop:all", "1.0-1"))[1] == {}
    server.add("debian", "stable", "1.1-1", key=1)
    monkeypatch.setattr(packages_fetch, "RECENT", -1)
    reason = fetch(("shop:all", "1.1-1", "1.0-1"))[1]["shop:all"]
    assert reason.startswith("repository_unreadable: ") and "NO_PUBKEY" in reason


def test_an_index_of_a_clock_that_was_ahead_is_read_anew(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    assert fetch(("shop:all", "1.0-1"))[1] == {}
    server.add("debian", "stable", "1.1-1")
    ahead = time.time() + 10 * 365 * 86400
    for path in fetch.roots.glob("*/*"):
        os.utime(path, (ahead, ahead))
    assert fetch(("shop:all", "1.1-1")) == ({"shop:all": "1.1-1"}, {})


def test_a_repository_of_the_future_is_told_in_apts_words(server, fetch):
    server.add("debian", "stable", "1.0-1", date=time.time() + 10 * 365 * 86400)
    server.list("debian.list", "deb @/debian stable main\n")
    assert "is not valid yet" in fetch(("shop:all", "1.0-1"))[1]["shop:all"]


def test_only_architectures_that_are_asked_for_are_read(server, fetch):
    server.add("debian", "stable", "1.0-1", name="lib", arch="amd64")
    server.add("debian", "stable", "1.0-1", name="lib", arch="i386")
    server.list("debian.list", "deb @/debian stable main\n")
    server.refused.append("/debian/dists/stable/main/binary-i386")
    assert fetch(("nowhere:amd64", "1"))[1] == {"nowhere:amd64": "package_unavailable"}
    assert fetch(("lib:i386", "1.0-1"))[1]["lib:i386"].startswith("repository_unreadable: ")
    server.refused.clear()
    server.list("debian.list", "deb [arch=i386] @/debian stable main\n")
    files, reasons = fetch(("lib:i386", "1.0-1"), ("lib:amd64", "1.0-1"))
    assert (files, reasons) == ({"lib:i386": "1.0-1"}, {"lib:amd64": "package_unavailable"})


@pytest.mark.hostile
@pytest.mark.parametrize("scheme", ["file:", "copy:", "cdrom:[x]", "ssh://127.0.0.1", "mirror+file:", "%66ile:", "\"file:\""])
def test_a_list_cannot_name_what_is_on_this_machine(server, fetch, tmp_path, scheme):
    server.add("debian", "stable", "1.0-1")
    server.add("local", "stable", "2.0-1")
    server.list("a.list", f"deb {scheme}{tmp_path}/served/local stable main\n")
    server.list("debian.list", "deb @/debian stable main\n")
    files, reasons = fetch(("shop:all", "2.0-1", "1.0-1"))
    assert files == {} and reasons["shop:all"].startswith("repository_unreadable: ")
    assert fetch(("shop:all", "1.0-1")) == ({"shop:all": "1.0-1"}, {}), "the other repositories are read"


@pytest.mark.parametrize("scheme", ["file", "copy"])
def test_a_directory_is_read_if_an_option_names_it(server, fetch, tmp_path, scheme):
    server.add("local", "stable", "2.0-1")
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.getuid() and len(directory.parts) > 2:
            directory.chmod(directory.stat().st_mode | 0o011)
    server.list("a.list", f"deb {scheme}:{tmp_path}/served/local stable main\n")
    assert fetch(("shop:all", "2.0-1"), permits=([f"{tmp_path}/served"],)) == ({"shop:all": "2.0-1"}, {})
    reason = fetch(("shop:all", "2.0-1"), permits=([f"{tmp_path}/other"],))[1]["shop:all"]
    assert "/etc/apt/sources.list.d/a.list, entry 1" in reason and "twin_repository_directories" in reason


@pytest.mark.hostile
@pytest.mark.parametrize("entry", [
    "deb [trusted=yes] @/unsigned stable main", "deb [allow-insecure=yes] @/unsigned stable main", "deb [ trus%74ed=yes ] @/unsigned stable main",
    "deb [\"trusted=yes\"] @/unsigned stable main", "deb [arch=amd64 Trusted=true] @/unsigned stable main",
])
def test_a_repository_without_a_valid_signature_is_read_only_if_an_option_names_it(server, fetch, entry):
    server.add("debian", "stable", "1.0-1")
    server.add("unsigned", "stable", "2.0-1")
    (server.directory / "unsigned/dists/stable/InRelease").rename(server.directory / "unsigned/dists/stable/signed")
    text = (server.directory / "unsigned/dists/stable/signed").read_text()
    (server.directory / "unsigned/dists/stable/Release").write_text(text.partition("\n\n")[2].partition("-----BEGIN")[0])
    server.list("a.list", entry + "\ndeb @/debian stable main\n")
    files, reasons = fetch(("shop:all", "2.0-1", "1.0-1"))
    assert files == {} and reasons["shop:all"].startswith("repository_unreadable: /etc/apt/sources.list.d/a.list, entry 1 (")
    assert fetch(("shop:all", "1.0-1")) == ({"shop:all": "1.0-1"}, {}), "the other repositories are read"
    if entry.startswith(("deb [trusted=yes]", "deb [arch")):
        assert fetch(("shop:all", "2.0-1"), permits=((), [server.url + "/unsigned/"])) == ({"shop:all": "2.0-1"}, {})


def test_hosts_share_package_files_only_if_they_trust_the_same_repositories(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    assert fetch(("shop:all", "1.0-1"))[1] == {}
    server.add("other", "stable", "2.0-1")
    server.list("debian.list", "deb @/other stable main\n")
    assert fetch(("shop:all", "1.0-1"))[1] == {"shop:all": "package_version_gone: 2.0-1 is the nearest"}


def test_https_is_spoken_to_an_https_repository(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n".replace("@", server.url.replace("http:", "https:")))
    reason = fetch(("shop:all", "1.0-1"))[1]["shop:all"]
    assert reason.startswith("repository_unreadable: Failed to fetch https://127.0.0.1:") and "handshake" in reason, "the server speaks http only"


def test_an_entry_that_is_no_repository_is_named_with_the_hosts_path(server, fetch):
    server.add("debian", "stable", "1.0-1")
    server.list("debian.list", "deb @/debian stable main\n")
    server.list("broken.list", "deb nonsense\ndeb @/debian stable main\n")
    assert fetch(("shop:all", "1.0-1")) == ({"shop:all": "1.0-1"}, {}), "its other entries are read"
    reason = fetch(("shop:all", "2.0-1", "1.0-1"))[1]["shop:all"]
    assert reason.startswith("repository_unreadable: /etc/apt/sources.list.d/broken.list, entry 1 (deb nonsense)") and str(fetch.roots) not in reason
