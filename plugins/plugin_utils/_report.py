# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one cycle did to one twin, as a line for people or as JSON for programs. Pure."""
from __future__ import annotations

import base64
import json
from typing import Any, Mapping

from ansible_collections.safetytwin.twin.plugins.module_utils._base.names import following

NAMED = 3  # changes named in a line; the others are counted
TELLING = 0.1  # a stage is named when it took at least this part of the whole
KEYS = frozenset(["host", "message", "revision", "changes", "counts", "seconds"])

# What was done, in the past tense of the plan's words. Bringing an item about is what anyone expects: it needs no word.
DONE = {
    "ensure": "", "remove": "removed", "start": "started", "stop": "stopped", "restart": "restarted", "reload": "reloaded", "reset-failed": "reset",
}

# A cycle's report, as JSON.
Report = Mapping[str, Any]


def of(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The cycle's report in a task's result (dict): twin_converge's result as it is, or what stands under twin_report; else None."""
    report = result.get("twin_report", result)
    return report if isinstance(report, dict) and report.keys() >= KEYS else None


def line(report: Report) -> str:
    """One readable line, for example:

    web1  r42  2 changes (files /etc/motd, services nginx.service reloaded)  in 6.1 s (harvest 0.8, converge 4.9)  fidelity 99.3 %
    """
    parts = [
        _whose(report),
        "r%s" % report["revision"] if report["revision"] else "",
        shown(report["message"]) if report["message"] and not report["counts"] else _changes(report),
        _times(report["seconds"]),
        _fidelity(report.get("fidelity") or {}),
        _recovered(report.get("recovered") or []),
        _failures(report.get("failures") or []),
    ]
    return "  ".join(part for part in parts if part)


def is_unchanged(text: str) -> bool:
    """Whether a text is the line of a cycle that changed nothing, whoever wrote it."""
    return "unchanged" in text.split("  ")[1:3] and not any(word in text for word in ("recovered: ", "failed: "))


def as_json(report: Report) -> str:
    """The whole report, without what Ansible adds to a task's result, as one line of ASCII JSON with sorted keys."""
    own = {key: value for key, value in report.items() if key != "invocation" and not key.startswith("_ansible")}
    return json.dumps(own, sort_keys=True)


def shown(name: Any) -> str:
    """A name that a terminal can take: what is not printable is written as its escape. Undecodable bytes come as {"b64": ...}."""
    if isinstance(name, dict):
        name = base64.b64decode(name["b64"]).decode("utf-8", "surrogateescape")
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in str(name))


def _whose(report: Report) -> str:
    """The host; and the twin, if it is another one than that which follows the host."""
    host, twin = report["host"], report.get("twin_id")
    return shown(host) if twin in (None, following(host)) else "%s (%s)" % (shown(host), shown(twin))


def _changes(report: Report) -> str:
    total = sum(report["counts"].values())
    return "%d %s (%s)" % (total, "change" if total == 1 else "changes", named(report)) if total else "unchanged"


def named(report: Report) -> str:
    """The first changes of a report, or of what is recorded of one, in words; the others are counted."""
    total = sum(report["counts"].values())
    words = [_change(each) for each in report["changes"][:NAMED]]
    return ", ".join(words + ["%d more" % (total - len(words))] * (total > len(words)))


def _change(change: Mapping[str, Any]) -> str:
    verb = DONE.get(change["verb"], shown(change["verb"]))
    return " ".join(part for part in (change["scope"], shown(change["key"]), verb) if part)


def _times(seconds: Mapping[str, float]) -> str:
    total = seconds["total"]
    # "twin PHASE" is a part of the stage converge.
    stages = [stage for stage in seconds if stage != "total" and not stage.startswith("twin ")]
    slow = ["%s %.1f" % (stage, seconds[stage]) for stage in stages if seconds[stage] >= TELLING * total > 0]
    return "in %.1f s" % total + (" (%s)" % ", ".join(slow) if slow else "")


def _fidelity(fidelity: Mapping[str, Any]) -> str:
    percent = fidelity.get("percent_reproduced")
    return "" if percent is None else "fidelity %.1f %%" % percent


def _recovered(phrases: list[str]) -> str:
    """What it took to make the twin answer."""
    return "recovered: " + shown("; ".join(phrases)) if phrases else ""


def _failures(sentences: list[str]) -> str:
    if not sentences:
        return ""
    more = "" if len(sentences) == 1 else " (and %d more)" % (len(sentences) - 1)
    return "failed: " + shown(sentences[0]) + more
