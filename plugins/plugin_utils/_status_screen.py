# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats the status of one twin: age, fidelity, exceptions with reasons, what only the twin has, what is not read. Pure."""
from __future__ import annotations

import collections
import textwrap
import time
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.safetytwin.twin.plugins.module_utils._base.reasons import REASONS, REPRODUCED, code_of, explain
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.fidelity import UNEXPLAINED
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.not_read import NOT_READ
from ansible_collections.safetytwin.twin.plugins.plugin_utils._report import named, shown

NAMED = 15  # exceptions shown by name, unless all details are asked for; the others are counted by reason
WIDTH = 150
INDENT = " " * 13

Row = Mapping[str, Any]


def screen(host: Any, known: Mapping[str, Any], harvest: Mapping[str, Any], now: float, details: bool = False) -> list[str]:
    """Lines for people.

    known is twin_info's `twin`, harvest the result of host_state_info or {} if the host did not answer, now in seconds. details names every
    exception, every item that only the twin has, and everything that is not read.
    """
    if not known["known"]:
        return ["%s  has no twin yet: run safetytwin.twin.sync" % shown(host)]
    fidelity = known["fidelity"]
    lines = [_headline(host, known), _labelled("age", _age(known, harvest, now))]
    if known["paused"]:
        lines.append(_labelled("paused", known["paused"]))
    if known["due"]:
        lines.append(_labelled("next sync", known["due"][0]["sentence"]))
    if fidelity.get("scopes"):
        lines += _fidelity(fidelity) + _exceptions(fidelity["exceptions"], details) + _extras(fidelity.get("extras", []), details) + _not_read(details)
    lines += _refused(known["refused"], details) + _history(known["revisions"]) + _growth(known["growth"])
    return [shown(line) for line in lines]


def _labelled(label: str, text: str) -> str:
    return "  %-11s%s" % (label, text)


def _headline(host: Any, known: Mapping[str, Any]) -> str:
    domain = known["domain"]
    where = "%s is %s at %s" % (domain["domain"], domain["state"], domain["address"]) if domain else "the twin does not exist"
    return "%s  r%d  %s" % (host, known["revision"], where)


def _age(known: Mapping[str, Any], harvest: Mapping[str, Any], now: float) -> str:
    audit = "last audit %s ago" % _ago(now - known["audited"]) if known["audited"] else "no audit yet"
    verified = "last change verified %s ago" % _ago(now - known["verified"]) if known["verified"] else "no change verified yet"
    compared = {True: "the host has changed since the last sync", False: "the host has not changed since the last sync", None: "the host does not answer"}
    return "%s; %s, %s" % (compared[harvest.get("differs")], verified, audit)


def _ago(seconds: float) -> str:
    """A duration in its largest fitting unit."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return "%d %s" % (seconds / size, unit)
    return "%d s" % max(0, seconds)


def _fidelity(fidelity: Mapping[str, Any]) -> list[str]:
    lines = [
        _labelled("fidelity", "%.1f %% reproduced, %.1f %% reproduced or explained" % (fidelity["percent_reproduced"], fidelity["percent_explained"])),
        INDENT + "%-12s%8s%12s%10s%12s" % ("scope", "items", "reproduced", "degraded", "impossible"),
    ]
    for scope, counts in sorted(fidelity["scopes"].items()):
        lines.append(INDENT + "%-12s%8d%12d%10d%12d" % (scope, counts["items"], counts["reproduced"], counts["degraded"], counts["impossible"]))
    return lines


def _exceptions(exceptions: Sequence[Row], details: bool) -> list[str]:
    """Items that differ from the host's; unexplained ones first. An item that is correct if it differs is not shown."""
    rows = [each for each in exceptions if REASONS[code_of(each["reason"])].level != REPRODUCED]
    rows.sort(key=lambda each: code_of(each["reason"]) not in UNEXPLAINED)
    if not rows:
        return []
    first = rows if details else rows[:NAMED]
    lines = ["  items that differ from the host's"] + _named(first)
    rest = _counted(code_of(each["reason"]) for each in rows[len(first):])
    return lines + ([INDENT + "%d more, by reason: %s" % (len(rows) - len(first), rest)] if rest else [])


def _extras(extras: Sequence[Row], details: bool) -> list[str]:
    """Items that only the twin has: a program may work in the twin because of them."""
    if not extras:
        return []
    lines = [_labelled("twin only", "%s: items that the host does not have" % _counted(each["scope"] for each in extras))]
    return lines + (_named(extras) if details else [])


def _not_read(details: bool) -> list[str]:
    """What the percentages say nothing about."""
    if details:
        lines = ["%s: %s" % (each.what, each.remark) for each in NOT_READ]
        return ["  not read on either machine"] + [INDENT + line for line in lines]
    sentence = "; ".join(each.what for each in NOT_READ)
    return textwrap.wrap(sentence, WIDTH, initial_indent=_labelled("not read", ""), subsequent_indent=INDENT)


def _named(rows: Sequence[Row]) -> list[str]:
    return [INDENT + "%s %s  %s" % (each["scope"], shown(each["key"]), explain(each["reason"])) for each in rows]


def _counted(words: Iterable[str]) -> str:
    """How often each word comes, as text: `accounts 3, packages 44`."""
    return ", ".join("%s %d" % (word, number) for word, number in sorted(collections.Counter(words).items()))


def _refused(sentences: Sequence[str], details: bool) -> list[str]:
    """What the host said that breaks a rule of the state format."""
    rows = sentences if details else sentences[:NAMED]
    more = ["%s%d more" % (INDENT, len(sentences) - len(rows))] if len(rows) < len(sentences) else []
    return (["  refused, because the host's description breaks a rule"] if rows else []) + [INDENT + each for each in rows] + more


def _history(revisions: list[Mapping[str, Any]]) -> list[str]:
    lines = ["  last changes"] if revisions else []
    for each in revisions:
        when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(each["at"]))
        lines.append(INDENT + "r%-5d%s  %s" % (each["number"], when, _done(each["outcome"])))
    return lines


def _done(outcome: Mapping[str, Any] | None) -> str:
    """The outcome of a cycle in words; outcome is None if the cycle did not end."""
    if outcome is None:
        return "not applied to the twin yet"
    return named(outcome) or "the twin needed no change"


def _growth(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the hypervisor stores, each with the bound to which it is pruned."""
    lines = ["  stored on the hypervisor"] if rows else []
    for each in rows:
        lines.append(INDENT + "%-16s%8d%14s  (at most: %s)" % (each["name"], each["count"], _bytes(each["bytes"]), each["bound"]))
    return lines


def _bytes(number: int) -> str:
    """An amount of bytes in its largest fitting unit."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if number >= size:
            return "%.1f %s" % (number / size, unit)
    return "%d KiB" % (number >> 10)
