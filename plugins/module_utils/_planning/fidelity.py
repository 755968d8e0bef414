# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fidelity report: which items are reproduced, which are not, and why."""

from __future__ import annotations

from typing import Any, Mapping, TypedDict

from .._base.reasons import DEGRADED, IMPOSSIBLE, REASONS, REPRODUCED, code_of, explain
from .._scopes.model import Body, Item, Reasons, Scopes
from .._scopes.registry import SCHEMA
from .._scopes.registry_parts import policies
from .._scopes.schema import lane_of
from .diff import differing, picked
from .impact import needs, without

UNEXPLAINED = ("differs", "apply_failed", "dependency_failed")
WHOLE_SCOPE = ""  # key of the exception that stands for a scope which could not be read


class Row(TypedDict):
    """One exception: fields is {name: [the host's value, the twin's]}."""

    scope: str
    key: str
    reason: str
    sentence: str
    fields: dict[str, list[Any]]


class Report(TypedDict):
    """scopes: {scope: {"items", "reproduced", "degraded", "impossible"}}; extras: what only the twin has; percentages of all items."""

    scopes: dict[str, dict[str, int]]
    exceptions: list[Row]
    extras: list[Row]
    percent_reproduced: float
    percent_explained: float


def report(
    host_scopes: Scopes, desired: Scopes, exceptions: Mapping[str, Reasons], actual: Scopes,
    failures: Mapping[str, Reasons] | None = None, kept: Mapping[str, Reasons] | None = None,
) -> Report:
    """What of the host is in the twin.

    exceptions are policy's {scope: {key: reason}}, failures the converge's (a reason, or a sentence of what failed), kept policy's of what only
    the twin has. An item is reproduced where every desired field of the host's is the twin's. Where it is not, and what policy asked for is not
    there either, no reason of policy's explains it.
    """
    judge = _Judge(host_scopes, desired, exceptions, actual, failures or {})
    scopes: dict[str, dict[str, int]] = {}
    found: list[Row] = []
    for scope in sorted(host_scopes, key=list(SCHEMA).index):
        mine = judge.scope(scope, host_scopes[scope])
        total = len(host_scopes[scope]["items"]) + len(set(host_scopes[scope]["excluded"]) - set(host_scopes[scope]["items"]))
        total += WHOLE_SCOPE in {row["key"] for row in mine}
        levels = [REASONS[code_of(row["reason"])].level for row in mine]
        scopes[scope] = {
            "items": total, REPRODUCED: total - levels.count(DEGRADED) - levels.count(IMPOSSIBLE),
            DEGRADED: levels.count(DEGRADED), IMPOSSIBLE: levels.count(IMPOSSIBLE),
        }
        found += mine
    total, reproduced = (sum(row[name] for row in scopes.values()) for name in ("items", REPRODUCED))
    unexplained = sum(code_of(row["reason"]) in UNEXPLAINED for row in found)
    return {
        "scopes": scopes, "exceptions": found, "extras": _extras(host_scopes, actual, kept or {}),
        "percent_reproduced": _percent(reproduced, total), "percent_explained": _percent(total - unexplained, total),
    }


class _Judge:
    """Finds the reason of each item of the host that is not reproduced in the twin."""

    def __init__(
        self, host: Scopes, desired: Scopes, exceptions: Mapping[str, Reasons], actual: Scopes, failures: Mapping[str, Reasons],
    ) -> None:
        self.host = host
        self.desired, self.exceptions, self.actual, self.failures = desired, exceptions, actual, failures
        self.lost: dict[str, str] = {}  # packages that differ in the twin, with the reason
        self.without: dict[str, list[str]] = {}  # units, by their keys, with the files that they read and that are not in the twin as they should be

    def scope(self, scope: str, body: Body) -> list[Row]:
        """The exceptions of one scope."""
        if body["status"] == "failed":
            return [_row(scope, WHOLE_SCOPE, "scope_failed: %s" % body["note"], {})]
        rows = []
        for key in sorted(body["items"].keys() | body["excluded"].keys()):
            row = self._item(scope, key, body)
            if row:
                rows.append(row)
                if scope == "packages":
                    self.lost[key.rpartition(":")[0]] = row["reason"]
        if scope == "files":
            self.without = without([row["key"] for row in rows if REASONS[code_of(row["reason"])].level != REPRODUCED], self.host)
        return rows

    def _item(self, scope: str, key: str, body: Body) -> Row | None:
        if key in body["excluded"]:
            return _row(scope, key, body["excluded"][key], {})
        item, twins = body["items"][key], self.actual.get(scope)
        if twins is None or twins["status"] == "failed":
            note = twins["note"] if twins else "it has not been read"
            return _row(scope, key, self._policy(scope, key) or "differs: the twin could not be read: %s" % note, {})
        lane, have = lane_of(scope, key), twins["items"].get(key)
        fields = lane if have is None else _differing(scope, key, have, item)
        skipped = self.failures.get(scope, {}).get(key, "") if not fields else ""
        if have is not None and not fields:
            # The restart or reload was skipped: no field differs, but the running unit still uses its old files.
            if code_of(skipped) == "dependency_failed":
                return _row(scope, key, skipped, {})
            return _row(scope, key, needs(self.without[key]), {}) if scope == "services" and key in self.without else None
        shown = {name: [item.get(name), (have or {}).get(name)] for name in fields if name in item}
        return _row(scope, key, self._reason(scope, key, item, have), shown)

    def _reason(self, scope: str, key: str, item: Item, have: Item | None) -> str:
        """Policy's reason if the twin is as policy wants it; otherwise what failed, or on what the item depends."""
        want = self.desired[scope]["items"].get(key) if scope in self.desired else None
        reason = self._policy(scope, key)
        obeyed = want is None or (have is not None and not _differing(scope, key, have, want))
        if reason and obeyed:
            return reason
        failure = self.failures.get(scope, {}).get(key)
        if failure and failure != "differs":  # which is no cause
            return failure if code_of(failure) in REASONS else "apply_failed: %s" % failure
        explained = policies()[scope].explains(item, have, _differing(scope, key, have, item)) if scope in policies() else None
        if explained:
            return explained
        if scope == "services" and key in self.without:
            return needs(self.without[key])
        if item.get("package") in self.lost:
            return "needs_excluded: package %s" % item["package"]
        return "differs"

    def _policy(self, scope: str, key: str) -> str | None:
        return self.exceptions.get(scope, {}).get(key)


def _differing(scope: str, key: str, have: Item | None, want: Item) -> tuple[str, ...]:
    """Names of the fields in which an item differs by more than its scope's policy ignores."""
    policy = policies().get(scope)
    if have is not None and policy and policy.close_enough(key, have, want):
        return ()
    return differing(lane_of(scope, key), have or {}, want)


def _extras(host_scopes: Scopes, actual: Scopes, kept: Mapping[str, Reasons]) -> list[Row]:
    rows = []
    for scope in sorted(set(host_scopes) & set(actual), key=list(SCHEMA).index):
        known = host_scopes[scope]
        if known["status"] == "failed":
            continue
        for key in sorted(set(actual[scope]["items"]) - set(known["items"]) - set(known["excluded"])):
            have = picked(lane_of(scope, key), actual[scope]["items"][key])
            reason = kept.get(scope, {}).get(key, "twin_extra")
            rows.append(_row(scope, key, reason, {name: [None, value] for name, value in have.items()}))
    return rows


def _row(scope: str, key: str, reason: str, fields: dict[str, list[Any]]) -> Row:
    return {"scope": scope, "key": key, "reason": reason, "sentence": explain(reason), "fields": fields}


def _percent(part: int, total: int) -> float:
    return 100.0 * part / total if total else 100.0
