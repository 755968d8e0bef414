# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a host's lists of repositories, and what is said of the rest."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._packages import listing

LIST, STANZAS = "/etc/apt/sources.list.d/a.list", "/etc/apt/sources.list.d/a.sources"
NOTHING = listing.Permits()
ALLOWED = listing.Permits(("/srv/repo/",), ("http://a/b/",))


def kept(path, content, allowed=NOTHING):
    found, refused = listing.permitted(path, content.encode(), allowed)
    return found.decode(), refused


@pytest.mark.parametrize(("line", "left"), [
    ("  deb   http://m/d  stable   main contrib # why", "deb http://m/d stable main contrib\n"),
    ("deb [arch=amd64,i386 signed-by=/k/a.gpg] https://m s c\r", "deb [arch=amd64,i386 signed-by=/k/a.gpg] https://m s c\n"),
    ("deb [arch+=i386 Lang=none unknown=1 trusted=no] http://m ./", "deb [arch+=i386 lang=none] http://m ./\n"),
    ("deb [arch=amd64]http://m s c", "deb [arch=amd64] http://m s c\n"),
    ("# deb http://off s c", ""), ("deb-src http://m s c", ""), ("", ""),
])
def test_lines_are_written_anew(line, left):
    assert kept(LIST, line) == (left, [])


@pytest.mark.parametrize(("line", "why"), [
    ("deb nonsense", "not written as"), ("deb nonsense s c", "http and https only"), ("deb file:/srv/repo s c", "twin_repository_directories"),
    ("deb copy:///etc s c", "twin_repository_directories"), ("deb ftp://m s c", "http and https only"), ("deb mirror+http://m s c", "http and https only"),
    ("deb tor+https://m s c", "http and https only"), ("deb \"http://m\" s c", "not written as"), ("deb HTTP://m s c", "http and https only"),
    ("deb [trusted=yes] http://a/b s c", "trusted=yes would accept"), ("deb [Allow-Insecure=1] http://m s c", "Allow-Insecure=1 would accept"),
    ("deb [allow-weak=yes] http://m s c", "without a valid signature"), ("deb [allow-downgrade-to-insecure=yes] http://m s c", "without a valid signature"),
    ("deb [trus%74ed=yes] http://m s c", "its option"), ("deb [trusted=\"yes\"] http://m s c", "its option"),
    ("deb [arch=a] [trusted=yes] http://m s c", "not written"),
    ("deb http://m\x0bs c d", "not written as"), ("deb http://m\x00 s c", "not written as"),
])
def test_a_refused_line_is_named_and_costs_only_itself(line, why):
    found, refused = kept(LIST, "deb http://m one c\n%s\ndeb http://m two c" % line)
    assert found == "deb http://m one c\ndeb http://m two c\n"
    assert len(refused) == 1 and refused[0].startswith(LIST + ", entry 2 (") and why in refused[0] and refused[0].isprintable()


def test_options_allow_directories_and_unsigned_repositories():
    assert kept(LIST, "deb file:///srv/repo/../repo/x s c\ndeb copy:/srv/repo ./\n", ALLOWED)[0] == "deb file:/srv/repo/x s c\ndeb copy:/srv/repo ./\n"
    for path in ("/srv/repository", "/srv/repo/../other", "/srv"):
        assert kept(LIST, "deb file:%s s c" % path, ALLOWED)[0] == ""
    assert kept(LIST, "deb [trusted=yes arch=amd64] http://a/b s c", ALLOWED)[0] == "deb [arch=amd64 trusted=yes] http://a/b s c\n"
    assert kept(LIST, "deb [trusted=yes] http://a/c s c", ALLOWED)[0] == ""
    assert kept(STANZAS, "Types: deb\nURIs: http://a/b\nSuites: s\nTrusted: yes\n", ALLOWED)[0].endswith("\nTrusted: yes\n")


def test_stanzas_are_written_anew():
    inline = "Signed-By:\n -----BEGIN\n .\n mQ==\n"
    found, refused = kept(STANZAS, "# words\n\nTypes: deb deb-src\nURIs : http://a\n  http://b\n# between\nsuites: s\nComponents: c d\nX-Own: 1\n%s \t\n"
                                   "Enabled: no\nTypes: deb\nURIs: file:/x\nSuites: s\n\nTypes: deb-src\nURIs: file:/x\nSuites: s\n\n\n"
                                   "Types: deb\r\nURIs: http://c\r\nSuites: s\r\nTrusted: no\r\n" % inline)
    assert refused == []
    assert found == "Types: deb\nURIs: http://a http://b\nSuites: s\nComponents: c d\n%s\nTypes: deb\nURIs: http://c\nSuites: s\n" % inline


@pytest.mark.parametrize(("fields", "why"), [
    ("URIs: http://m file:/etc\nSuites: s", "twin_repository_directories"), ("URIs: http://m\nSuites: s\nTrusted: yes", "trusted: yes would accept"),
    ("URIs: http://m\nSuites: s\nALLOW-insecure:\n yes", "allow-insecure: \n yes would accept"), ("URIs: http://m", "not written as"),
    ("URIs: http://m\nSuites: s\nAllow-Weak : yes", "allow-weak: yes would accept"), ("URIs: http://m\nSuites: s\x01", "not written as"),
])
def test_a_refused_stanza_is_named_and_costs_only_itself(fields, why):
    found, refused = kept(STANZAS, "Types: deb\n%s\n\nTypes: deb\nURIs: http://m\nSuites: two\n" % fields)
    assert found == "Types: deb\nURIs: http://m\nSuites: two\n"
    assert len(refused) == 1 and refused[0].startswith(STANZAS + ", entry 1 (") and why.replace("\n", "") in refused[0].replace("\n", "")


def test_only_lists_are_changed_and_all_refusals_are_told():
    key = "/etc/apt/trusted.gpg.d/a.gpg"
    odd = {"/etc/apt/sources.list.d/a:b.list": b"deb file:/x s c", "/etc/apt/x/../sources.list.d/c.list": b"deb file:/x s c"}
    files, refused = listing.read({**odd, key: b"deb file:/x s c", LIST: b"deb file:/x s c\n", STANZAS: b"Types: deb\nURIs: cdrom:/x\nSuites: s\n"}, NOTHING)
    assert files == {key: b"deb file:/x s c", LIST: b"", STANZAS: b""} and [why.partition(",")[0] for why in refused] == [LIST, STANZAS]


def test_permits_are_options_of_that_name():
    assert listing.permits({"repository_directories": ["/srv"], "unsigned_repositories": None, "size": 3}) == listing.Permits(("/srv",), ())
