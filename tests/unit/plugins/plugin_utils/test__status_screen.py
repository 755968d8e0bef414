# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole status screen, compared with golden files."""
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.not_read import NOT_READ
from ansible_collections.safetytwin.twin.plugins.plugin_utils import _status_screen as _status

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
NOW = 1_800_000_000
TWIN = {
    "known": True, "digest": "d", "revision": 42, "due": [], "paused": "", "refused": [], "audited": NOW - 400, "verified": NOW - 7300,
    "domain": {"domain": "twin-web1", "state": "running", "address": "10.77.0.12"},
    "fidelity": {
        "percent_reproduced": 98.0, "percent_explained": 99.5,
        "scopes": {
            "files": {"items": 120, "reproduced": 118, "degraded": 1, "impossible": 1},
            "services": {"items": 40, "reproduced": 39, "degraded": 1, "impossible": 0},
        },
        "exceptions": [
            {"scope": "files", "key": "/etc/shop\x1b.key", "reason": "secret_excluded: it holds a private key"},
            {"scope": "services", "key": "shop.service", "reason": "differs"},
            *({"scope": "files", "key": "/srv/%02d" % number, "reason": "file_too_large"} for number in range(16)),
        ],
        "extras": [
            {"scope": "accounts", "key": "user:twin", "reason": "twin_substrate"},
            {"scope": "packages", "key": "cloud-init:all", "reason": "twin_substrate"},
            {"scope": "packages", "key": "python3-yaml:amd64", "reason": "twin_extra"},
        ],
    },
    "growth": [
        {"name": "revisions", "count": 42, "bytes": 1_900_000, "bound": "10000 of each host"},
        {"name": "package files", "count": 311, "bytes": 3 << 30, "bound": "4 GiB"},
        {"name": "console logs", "count": 1, "bytes": 4096, "bound": "8 MiB of each twin"},
    ],
    "revisions": [
        {
            "number": 42, "at": NOW - 7300, "digest": "d",
            "outcome": {
                "changes": [{"scope": "files", "key": "/etc/%d" % number, "verb": verb} for number, verb in enumerate(("ensure", "ensure", "remove"))],
                "counts": {"files": 4, "services": 1},
            },
        },
        {"number": 41, "at": NOW - 90000, "digest": "c", "outcome": None},
    ],
}
SAME = {"digest": "d", "differs": False}
CASES = {
    "following": (TWIN, SAME),
    "changed": (dict(TWIN, due=[{"code": "audit", "sentence": "The audit is due.", "whole": True}], audited=0), {"digest": "e", "differs": True}),
    "silent": (dict(TWIN, paused="Paused on request.", domain=None, fidelity={}, revisions=[], growth=[]), {}),
    "unknown": ({"known": False}, SAME),
}


def golden(case):
    return (GOLDEN / (case + ".txt")).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_the_screen_equals_its_golden_file(case):
    assert "\n".join(_status.screen("web1", *CASES[case], NOW)) + "\n" == golden(case)


def test_the_screen_with_details_names_everything():
    lines = _status.screen("web1", TWIN, SAME, NOW, details=True)
    assert "\n".join(lines) + "\n" == golden("details")
    assert not [line for line in lines if " more, by reason: " in line]
    assert all(any(each.what in line for line in lines) for each in NOT_READ)


@pytest.mark.parametrize(("number", "details", "more"), [(0, False, []), (1, False, []), (17, False, ["             2 more"]), (17, True, [])])
def test_what_the_host_described_against_the_rules_is_named(number, details, more):
    sentences = ["files /opt/%02d\x1b is refused: it has a mode that is not four octal digits." % each for each in range(number)]
    lines = _status.screen("web1", dict(TWIN, refused=sentences), SAME, NOW, details)
    shown = ["             " + each.replace("\x1b", "\\x1b") for each in sentences[:len(sentences) if details else 15]]
    heading = ["  refused, because the host's description breaks a rule"] if number else []
    place = lines.index("  last changes") - len(heading + shown + more)
    assert lines[place:place + len(heading + shown + more)] == heading + shown + more


def test_the_twins_own_items_are_counted_by_scope():
    assert any("twin only  accounts 1, packages 2: items that the host does not have" in line for line in _status.screen("web1", TWIN, SAME, NOW))
    without = dict(TWIN, fidelity=dict(TWIN["fidelity"], extras=[]))
    assert not [line for line in _status.screen("web1", without, SAME, NOW) if "twin only" in line]


@pytest.mark.parametrize(("seconds", "said"), [(-1, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172800, "2 days")])
def test_a_duration_is_shown_in_its_largest_fitting_unit(seconds, said):
    assert _status._ago(seconds) == said
