# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One screen on a twin: how old, how true, what not and why. Pure."""
from __future__ import annotations

import time
from typing import Any, Mapping, Sequence

from ansible_collections.safetytwin.twin.plugins.module_utils._base.reasons import REASONS, REPRODUCED, code_of, explain
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.fidelity import UNEXPLAINED
from ansible_collections.safetytwin.twin.plugins.plugin_utils._report import named, shown

NAMED = 15  # exceptions shown by name; the rest is counted by reason


def screen(host: Any, known: Mapping[str, Any], harvest: Mapping[str, Any], now: float) -> list[str]:
    """Lines for people; known is twin_info's `twin`, harvest the result of host_state_info or {} where the host did not answer, now in seconds."""
    if not known["known"]:
        return ["%s  has no twin yet: run safetytwin.twin.sync" % shown(host)]
    fidelity = known["fidelity"]
    lines = [_headline(host, known), "  age    %s" % _age(known, harvest, now)]
    if known["paused"]:
        lines.append("  paused %s" % known["paused"])
    if known["due"]:
        lines.append("  due    %s" % known["due"][0]["sentence"])
    if fidelity.get("scopes"):
        lines += _truth(fidelity) + _exceptions(fidelity["exceptions"])
    return lines + _history(known["revisions"]) + _growth(known["growth"])


def _headline(host: Any, known: Mapping[str, Any]) -> str:
    domain = known["domain"]
    where = "%s is %s at %s" % (domain["domain"], domain["state"], domain["address"]) if domain else "the twin does not exist"
    return "%s  r%d  %s" % (shown(host), known["revision"], where)


def _age(known: Mapping[str, Any], harvest: Mapping[str, Any], now: float) -> str:
    audit = "audited %s ago" % _ago(now - known["audited"]) if known["audited"] else "not audited yet"
    verified = "last change verified %s ago" % _ago(now - known["verified"]) if known["verified"] else "not verified yet"
    now_known = {True: "the host has changed since", False: "the host is as recorded, now", None: "the host does not answer"}
    return "%s; %s, %s" % (now_known[harvest.get("differs")], verified, audit)


def _ago(seconds: float) -> str:
    """A duration as people say it."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return "%d %s" % (seconds / size, unit)
    return "%d s" % max(0, seconds)


def _truth(fidelity: Mapping[str, Any]) -> list[str]:
    lines = [
        "  true   %.1f %% reproduced, %.1f %% reproduced or explained" % (fidelity["percent_reproduced"], fidelity["percent_explained"]),
        "         %-12s%8s%12s%10s%12s" % ("scope", "items", "reproduced", "degraded", "impossible"),
    ]
    for scope, counts in sorted(fidelity["scopes"].items()):
        lines.append("         %-12s%8d%12d%10d%12d" % (scope, counts["items"], counts["reproduced"], counts["degraded"], counts["impossible"]))
    return lines


def _exceptions(exceptions: list[Mapping[str, Any]]) -> list[str]:
    """What is not as on the host, what nothing explains first; what is right when it differs is left to the JSON."""
    rows = [each for each in exceptions if REASONS[code_of(each["reason"])].level != REPRODUCED]
    rows.sort(key=lambda each: code_of(each["reason"]) not in UNEXPLAINED)
    if not rows:
        return []
    lines = ["  not as on the host"]
    for each in rows[:NAMED]:
        lines.append("         %s %s  %s" % (each["scope"], shown(each["key"]), explain(each["reason"])))
    rest: dict[str, int] = {}
    for each in rows[NAMED:]:
        code = code_of(each["reason"])
        rest[code] = rest.get(code, 0) + 1
    if rest:
        lines.append("         and %s" % ", ".join("%d %s" % (number, code) for code, number in sorted(rest.items())))
    return lines


def _history(revisions: list[Mapping[str, Any]]) -> list[str]:
    lines = ["  last changes"] if revisions else []
    for each in revisions:
        when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(each["at"]))
        lines.append("         r%-5d%s  %s" % (each["number"], when, _done(each["outcome"])))
    return lines


def _done(outcome: Mapping[str, Any] | None) -> str:
    """What a cycle came to, in words; outcome is None where it did not end."""
    if outcome is None:
        return "not brought into the twin yet"
    return named(outcome) or "nothing to do in the twin"


def _growth(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is kept on the hypervisor, each with the bound to which it is pruned."""
    lines = ["  kept on the hypervisor"] if rows else []
    for each in rows:
        lines.append("         %-16s%8d%14s  (at most: %s)" % (each["name"], each["count"], _bytes(each["bytes"]), each["bound"]))
    return lines


def _bytes(number: int) -> str:
    """An amount of bytes as people say it."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if number >= size:
            return "%.1f %s" % (number / size, unit)
    return "%d KiB" % (number >> 10)
