# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.plugin_utils import _report


def change(scope, key, verb):
    return {"scope": scope, "key": key, "verb": verb, "because": "it differs"}


def report(**more):
    base = {
        "host": "web1",
        "revision": 42,
        "message": "",
        "changes": [],
        "counts": {},
        "seconds": {"harvest": 0.8, "plan": 0.02, "total": 1.2},
        "fidelity": {"percent_reproduced": 99.3},
        "failures": [],
    }
    return dict(base, **more)


CASES = {
    "an unchanged cycle": (
        report(),
        "web1  r42  unchanged  in 1.2 s (harvest 0.8)  fidelity 99.3 %",
    ),
    "a cycle of the twin that follows the host": (
        report(twin_id="twin-web1"),
        "web1  r42  unchanged  in 1.2 s (harvest 0.8)  fidelity 99.3 %",
    ),
    "a cycle of another twin": (
        report(twin_id="rehearsal"),
        "web1 (rehearsal)  r42  unchanged  in 1.2 s (harvest 0.8)  fidelity 99.3 %",
    ),
    "two changes, one with a word for what was done": (
        report(
            changes=[change("files", "/etc/nginx/sites-enabled/shop", "ensure"), change("services", "nginx.service", "reload")],
            counts={"files": 1, "services": 1},
            seconds={"harvest": 0.8, "plan": 0.1, "converge": 4.9, "twin files": 2.0, "total": 6.1},
        ),
        "web1  r42  2 changes (files /etc/nginx/sites-enabled/shop, services nginx.service reloaded)  in 6.1 s (harvest 0.8, converge 4.9)  fidelity 99.3 %",
    ),
    "more changes than a line holds": (
        report(changes=[change("files", "/etc/%d" % number, "ensure") for number in range(50)], counts={"files": 120}),
        "web1  r42  120 changes (files /etc/0, files /etc/1, files /etc/2, 117 more)  in 1.2 s (harvest 0.8)  fidelity 99.3 %",
    ),
    "a unit that fails in the twin": (
        report(changes=[change("services", "a.service", "start")], counts={"services": 1}, failures=["a.service did not start.", "b"]),
        "web1  r42  1 change (services a.service started)  in 1.2 s (harvest 0.8)  fidelity 99.3 %  failed: a.service did not start. (and 1 more)",
    ),
    "a twin that was made to answer": (
        report(recovered=["twin started: it was shutoff", "twin reset: it ran but did not answer for 75 s"]),
        "web1  r42  unchanged  in 1.2 s (harvest 0.8)  fidelity 99.3 %"
        "  recovered: twin started: it was shutoff; twin reset: it ran but did not answer for 75 s",
    ),
    "a twin that is paused": (
        report(message="The twin is paused: by hand", fidelity={}),
        "web1  r42  The twin is paused: by hand  in 1.2 s (harvest 0.8)",
    ),
    "a host before its first revision": (
        report(revision=0, fidelity={}, seconds={"total": 0.0}),
        "web1  unchanged  in 0.0 s",
    ),
    "names no terminal should obey": (
        report(
            changes=[
                change("files", "/etc/a\nb\x1b[31m", "ensure"),
                change("files", {"b64": "L2V0Yy//"}, "remove"),
                change("files", "/etc/\u202egpj.żółw", "chown"),
            ],
            counts={"files": 3},
        ),
        r"web1  r42  3 changes (files /etc/a\nb\x1b[31m, files /etc/\udcff removed, files /etc/\u202egpj.żółw chown)"
        "  in 1.2 s (harvest 0.8)  fidelity 99.3 %",
    ),
}


@pytest.mark.parametrize(("given_report", "expected"), CASES.values(), ids=CASES)
def test_line(given_report, expected):
    assert _report.line(given_report) == expected


@given(st.text())
def test_a_shown_name_is_one_printable_line(name):
    assert _report.shown(name).isprintable()


@pytest.mark.parametrize(
    ("result", "found"),
    [(report(changed=True), True), ({"twin_report": report()}, True), ({"msg": "hello"}, False), ({"twin_report": "text"}, False)],
    ids=["twin_converge", "named", "another task", "not a report"],
)
def test_of_finds_reports_alone(result, found):
    assert (_report.of(result) is not None) == found


def test_json_is_the_whole_report_on_one_line():
    text = _report.as_json(report(host="w\n\udcff", invocation={}, _ansible_no_log=False))
    assert json.loads(text) == report(host="w\n\udcff")
    assert text.isascii()
    assert "\n" not in text
