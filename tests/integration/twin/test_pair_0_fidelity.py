# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the report of the first sync with plain tools: reproduced items are equal, all others have a true cause."""
from __future__ import annotations

import fnmatch
import json

import pytest

# The only reasons that may occur on the demo's host.
REASONS = {
    "files": {"identity", "secret_excluded"},
    "hardware": {"hardware_absent", "hardware_capped", "twin_substrate"},
    "services": {"condition_differs", "identity"},
}
# No items, by design: generated from others, backups, what another scope models, what the twin brings to be a twin.
NO_FILES = ("/etc/*-", "/etc/.pwd.lock", "/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid", "/etc/ld.so.cache", "/etc/ssl/certs/*", "/etc/mailcap")
NO_UNITS = ("session-*", "*.device", "*.slice", "*.scope", "*.mount", "*.swap", "*.automount")
ROWS = {
    "packages": "dpkg-query -W -f '${Package}:${Architecture}\\t${Version} ${db:Status-Abbrev}\\n'",
    "accounts": "getent passwd | sed 's/:/\\t/; s/^/user:/'; getent group | sed 's/:/\\t/; s/^/group:/'",
    "files": r"find /etc /usr/local /opt /srv/shop -xdev -type d -printf '%p\td %m %u %g\n' -o -type l -printf '%p\t%l\n' "
             r"-o -type f -printf '%p\tf %m %u %g %s\n'; find /etc /usr/local /opt /srv/shop -xdev -type f -print0 | xargs -0 md5sum | "
             r"LC_ALL=C sed 's/^\([^ ]*\)  \(.*\)/\2\t\1/'",
    "services": "systemctl list-unit-files --no-legend --no-pager | awk '$2 != \"alias\" {print $1 \"\\t\" $2}'",
}


@pytest.fixture(scope="module")
def fidelity(pair):
    said = pair.done(["env", "ANSIBLE_STDOUT_CALLBACK=ansible.builtin.default", *pair.tool(
        "ansible", "localhost", "-m", "safetytwin.twin.twin_info", "-a", f"host={pair.host}")])
    return json.loads(said.partition("=> ")[2])["twin"]["fidelity"]


def code(exception):
    return exception["reason"].partition(":")[0]


def test_all_of_the_host_is_reproduced_or_has_one_of_these_reasons(fidelity):
    assert fidelity["percent_explained"] == 100
    assert fidelity["percent_reproduced"] >= 98
    found = {scope: {code(each) for each in fidelity["exceptions"] if each["scope"] == scope} for scope in fidelity["scopes"]}
    assert {scope: codes - REASONS.get(scope, set()) for scope, codes in found.items() if codes - REASONS.get(scope, set())} == {}


def rows(said):
    """{key: rest of the line}; members of a group are sorted."""
    table = {}
    for line in said.splitlines():
        key, _tab, rest = line.partition("\t")
        number, _colon, members = rest.rpartition(":")
        table.setdefault(key, []).append([number, sorted(members.split(","))] if key.startswith("group:") else rest)
    return table


@pytest.mark.parametrize("scope", ROWS)
def test_plain_tools_agree_with_every_reproduced_item(pair, fidelity, scope):
    host, twin = rows(pair.on_host(ROWS[scope])), rows(pair.on_twin(ROWS[scope]))
    named = {each["key"] for each in fidelity["exceptions"] if each["scope"] == scope}
    free = NO_FILES if scope == "files" else NO_UNITS if scope == "services" else ()
    judged = [key for key in host if not any((key + "/").startswith(name + "/") for name in named) and not any(fnmatch.fnmatch(key, name) for name in free)]
    assert len(judged) > 50
    assert {key: (host[key], twin.get(key)) for key in judged if twin.get(key) != host[key]} == {}


def test_reasons_have_their_causes(pair, fidelity):
    for each in fidelity["exceptions"]:
        if code(each) == "secret_excluded":
            ask = f"test -s {each['key']} && sha256sum {each['key']}"
            host = pair.on_host(ask)
            assert not host or host != pair.on_twin(ask), each
        if code(each) == "condition_differs":
            ask = f"systemctl show -P ConditionResult -P ActiveState {each['key']}"
            assert pair.on_host(ask) != pair.on_twin(ask), each


def test_a_twin_has_few_packages_of_its_own_and_no_library_of_python(pair):
    """The kernel, what writes its ramdisk, the guest agent, and what these need."""
    listed = "dpkg-query -W -f '${Package}\\n'"
    own = set(pair.on_twin(listed).split()) - set(pair.on_host(listed).split())
    assert len(own) <= 12, sorted(own)
    assert not [name for name in own if name.startswith(("python", "cloud-"))]
