# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._planning import summary

STEPS = [
    {"scope": "files", "key": "/etc/a", "verb": "ensure", "because": "mode differs", "have": {"mode": "0600"}, "want": {"type": "file", "mode": "0644"}},
    {"scope": "services", "key": "", "verb": "reload", "because": "units changed", "have": None, "want": None},
    {"scope": "files", "key": "/etc/b", "verb": "remove", "because": "the host does not have it", "have": {"type": "dir"}, "want": None},
]


def test_steps_of_items_are_shown_and_counted_and_others_are_not():
    assert summary.counts(STEPS) == {"files": 2}
    assert [row["key"] for row in summary.shown(STEPS, 5)] == ["/etc/a", "/etc/b"]
    assert [row["key"] for row in summary.shown(STEPS, 1)] == ["/etc/a"]


def test_before_and_after_are_a_line_for_each_field():
    first, second = summary.shown(STEPS, 5)
    assert (first["before"], first["after"]) == ('mode: "0600"\n', 'mode: "0644"\ntype: "file"\n')
    assert second["after"] == ""


def test_failures_are_sentences_in_order():
    said = summary.sentences({"files": {"/b": "special_file", "/a": "needs_excluded: /etc/x"}})
    assert [line.partition(":")[0] for line in said] == ["files /a", "files /b"]
    assert said[0].endswith("(/etc/x)")


def test_what_is_kept_with_a_revision_names_no_contents():
    change = {"scope": "files", "key": "/a", "verb": "ensure", "because": "b", "before": "secret", "after": "secret"}
    kept = summary.recorded({"changes": [change], "counts": {"files": 1}, "failures": [], "seconds": {}, "message": "m"})
    assert kept == {"changes": [{"scope": "files", "key": "/a", "verb": "ensure", "because": "b"}], "counts": {"files": 1}, "failures": [], "seconds": {}}
