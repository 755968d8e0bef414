# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Combines the stages of a cycle: the desired state, the differences, the plan and its outcome. Pure."""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence, TypedDict

from .._base.codec import digest
from .._base.reasons import REASONS, code_of
from .._scopes.model import Actual, AllGivenUp, Change, Reasons, Scopes
from .._scopes.parts import Caps, Reach, Step, TwinRules
from .._scopes.schema import FORMAT, lane_of
from .._scopes.step_result import Result
from .diff import diff, differing
from .fidelity import Report, report
from .impact import dependents
from .plan import plan
from .policy import desire, kept, substrate_of
from .retry import CODES as RETRIED

# Reasons that may no longer hold at the next audit, which tries again.
PASSING = ("apply_failed", "dependency_failed", "package_unavailable", "package_version_gone", *RETRIED)


# {scope: {key: why it was not reached}}
Failures = Dict[str, Reasons]


class Options(TypedDict):
    """Options of the user: drift is correct, report or pause; scopes are the scopes to converge, or None for all; retry: package
    files are fetched again."""

    drift: str
    scopes: Sequence[str] | None
    vcpus: int
    memory_mib: int
    self_host: bool
    retry: bool


class ReconcilePlan(NamedTuple):
    """The steps for a twin, and the values that led to them.

    drift: `SCOPE KEY` of what changed from within the twin. pause: why following pauses, or "". rest: whether scopes that were not chosen
    want something. given_up: what is left alone. failures: why, as the report shows it.
    """

    steps: list[Step]
    host: Scopes
    desired: Scopes
    exceptions: dict[str, Reasons]
    kept: dict[str, Reasons]
    substrate: dict[str, list[str]]
    drift: list[str]
    pause: str
    rest: bool
    given_up: AllGivenUp
    failures: Failures


class Fetched(TypedDict):
    """Package files: files {key: path}, and reasons {key: why the wanted version is not among them}."""

    files: dict[str, str]
    reasons: dict[str, str]


class Outcome(NamedTuple):
    """Outcome of a plan: whether the twin changed, why items differ, and which items are not tried again."""

    changed: bool
    failures: Failures
    given_up: AllGivenUp


def read_afresh(uuid: str, boot_id: str, touched: int, scopes: Scopes, recorded: Actual | None) -> Actual:
    """A twin that was just read whole, with what is known of it from before."""
    substrate, given_up = (recorded["substrate"], recorded["given_up"]) if recorded else (None, {})
    return {
        "uuid": uuid, "boot_id": boot_id, "touched": touched, "format": FORMAT, "scopes": scopes, "substrate": substrate, "given_up": given_up,
    }


def reconcile(options: Options, host: Scopes, actual: Actual, recorded: Actual | None = None, unfinished: Sequence[Sequence[str]] = ()) -> ReconcilePlan:
    """The plan that makes a twin the same as its host.

    actual: the twin now; recorded: the twin as it was recorded, where actual was just read; unfinished: [[unit, verb]] that a cycle which
    did not end still had to do.
    """
    substrate = actual["substrate"] if actual["substrate"] is not None else substrate_of(actual["scopes"], host)
    caps: Caps = {"vcpus": options["vcpus"], "memory_mib": options["memory_mib"]}
    rules: TwinRules = {"substrate": substrate, "self_host": options["self_host"], "caps": caps}
    desired, exceptions = desire(host, rules)
    stays = kept(actual["scopes"], desired, exceptions, rules)
    changes = diff(actual["scopes"], desired, stays)
    drifted = _drift(changes, actual, recorded) if recorded else []
    given_up = _still_given_up(options, actual["given_up"], changes, drifted, recorded is not None)
    open_changes = [change for change in changes if change.key not in given_up.get(change.scope, {})]
    chosen = [change for change in open_changes if not options["scopes"] or change.scope in options["scopes"]]
    reached = dict(_unfinished(unfinished, desired, actual["scopes"]), **dependents(chosen, desired, actual["scopes"]))
    drift = ["%s %s" % (change.scope, change.key) for change in drifted]
    return ReconcilePlan(
        plan(chosen, reached, desired, actual["scopes"]), host, desired, exceptions, stays, substrate, drift,
        _pause(drift) if options["drift"] == "pause" and drift else "", len(chosen) < len(open_changes), given_up,
        {scope: {key: known["reason"] for key, known in keys.items()} for scope, keys in given_up.items()},
    )


def outcome(made: ReconcilePlan, fetched: Fetched, results: Sequence[Result], after: Scopes) -> Outcome:
    """The outcome of a plan; after is the twin as it was read back.

    What was tried and still differs is left alone until the host wants something else of it: no cycle tries the same again.
    """
    failures = {scope: dict(keys) for scope, keys in made.failures.items()}
    for key, reason in fetched["reasons"].items():
        _fail(failures, "packages", key, reason)
    steps = {step["id"]: step for step in made.steps}
    for result in results:
        if result["failed"]:
            _fail(failures, steps[result["id"]]["scope"], steps[result["id"]]["key"], result["failed"])
    tried = {(step["scope"], step["key"]) for step in made.steps}
    given_up = {scope: dict(keys) for scope, keys in made.given_up.items()}
    for change in diff(after, made.desired, made.kept):
        reason = failures.get(change.scope, {}).get(change.key, "differs")
        if (change.scope, change.key) in tried and not _may_come(reason, failures):
            given_up.setdefault(change.scope, {})[change.key] = {"want": digest(change.want), "reason": reason}
    return Outcome(any(result["changed"] for result in results), failures, given_up)


def verdict(made: ReconcilePlan, failures: Failures, after: Scopes) -> Report:
    """The fidelity report of a twin with the scopes `after`."""
    return report(made.host, made.desired, made.exceptions, after, failures, made.kept)


def _fail(failures: Failures, scope: str, key: str, said: str) -> None:
    reason = said if code_of(said) in REASONS else "apply_failed: %s" % said
    failures.setdefault(scope, {}).setdefault(key, reason)


def _may_come(reason: str, failures: Failures) -> bool:
    """Whether the next cycle may succeed: a content of the item, or of an item that it depends on, has not arrived yet."""
    seen: set[str] = set()
    while code_of(reason) == "dependency_failed" and reason not in seen:
        seen.add(reason)
        scope, _blank, key = reason.partition(": ")[2].partition(" ")
        reason = failures.get(scope, {}).get(key, "")
    return code_of(reason) == "content_pending"


def _drift(changes: list[Change], actual: Actual, recorded: Actual) -> list[Change]:
    """Changes of the plan that are necessary because the twin changed after it was verified."""
    found = []
    for change in changes:
        was = recorded["scopes"][change.scope]["items"].get(change.key)
        now = actual["scopes"][change.scope]["items"].get(change.key)
        lane = lane_of(change.scope, change.key)
        differs = was is not now if was is None or now is None else bool(differing(lane, was, now) or differing(lane, now, was))
        if differs:
            found.append(change)
    return found


def _still_given_up(options: Options, known: AllGivenUp, changes: list[Change], drifted: list[Change], audited: bool) -> AllGivenUp:
    """What stays left alone: not where the host wants something else by now, nor what an audit or a retry tries again, nor what waited for an item that is
    tried again. Drift that is only to be reported is added."""
    passing = PASSING + (("drifted",) if options["drift"] == "correct" else ()) if audited else RETRIED if options["retry"] else ()
    # A unit that listens elsewhere and by now differs by more is tried again.
    wanted = {
        (change.scope, change.key): digest(change.want) for change in changes
        if code_of(known.get(change.scope, {}).get(change.key, {"reason": ""})["reason"]) != "listens_differ" or change.fields == ("listens",)
    }
    kept_up: AllGivenUp = {
        scope: {
            key: row for key, row in keys.items() if wanted.get((scope, key)) == row["want"] and code_of(row["reason"]) not in passing
        } for scope, keys in known.items()
    }
    if options["drift"] == "report":
        for change in drifted:
            kept_up.setdefault(change.scope, {})[change.key] = {"want": digest(change.want), "reason": "drifted"}
    return _without_orphans(kept_up)


def _without_orphans(given_up: AllGivenUp) -> AllGivenUp:
    """Without the items that were skipped because of another item that is no longer given up."""
    named = {"%s %s" % (scope, key) for scope, keys in given_up.items() for key in keys}

    def orphaned(reason: str) -> bool:
        return code_of(reason) == "dependency_failed" and reason.partition(": ")[2] not in named

    left = {scope: {key: row for key, row in keys.items() if not orphaned(row["reason"])} for scope, keys in given_up.items()}
    return left if left == given_up else _without_orphans(left)


def _unfinished(steps: Sequence[Sequence[str]], desired: Scopes, actual: Scopes) -> dict[str, Reach]:
    """Units that an interrupted cycle still had to restart or reload, without units that should not run."""
    if not steps:
        return {}
    wanted, present = desired["services"]["items"], actual["services"]["items"]
    return {
        unit: {"verb": verb, "because": ["services:an interrupted cycle"]} for unit, verb in steps
        if unit in present and wanted.get(unit, {}).get("active") == "active"
    }


def _pause(drift: list[str]) -> str:
    more = " and %d more" % (len(drift) - 3) if len(drift) > 3 else ""
    return "Changes were made in the twin (%s%s). Run safetytwin.twin.resume to make it follow its host again." % (", ".join(drift[:3]), more)
