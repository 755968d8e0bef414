# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cycle's reasoning, from a host's state and a twin's to steps and a verdict. Pure: every effect is its caller's."""
from __future__ import annotations

from .._base.codec import digest, dumps
from .._base.reasons import REASONS, code_of, explain
from .._scopes.schema import lane_of
from .diff import diff, differing
from .fidelity import report
from .impact import dependents
from .plan import plan
from .policy import desire, kept, substrate_of

PASSING = ("apply_failed", "package_not_fetched", "package_unavailable", "package_version_gone")  # reasons that may be gone by the next audit


class Judgement:
    """What a twin should be, what differs, what to do about it, and how true the result is."""

    def __init__(self, request, host_scopes, actual, recorded=None, unfinished=()):
        """What to do.

        request: twin_converge's options and "self_host"; actual: the twin's document, which is brought up to date; recorded: the
        document before, where actual was just read; unfinished: [[unit, verb]] that a cycle which did not end still had to do.
        """
        self.host, self.failures = host_scopes, {}
        if actual["substrate"] is None:
            actual["substrate"] = substrate_of(actual["scopes"], host_scopes)
        twin = {
            "substrate": actual["substrate"], "self_host": request["self_host"],
            "caps": {"vcpus": request["vcpus"], "memory_mib": request["memory_mib"]},
        }
        self.desired, self.exceptions = desire(host_scopes, twin)
        self.kept = kept(actual["scopes"], self.desired, self.exceptions, twin)
        changes = diff(actual["scopes"], self.desired, self.kept)
        drifted = _drift(changes, actual, recorded) if recorded else []
        self.drift = ["%s %s" % (change.scope, change.key) for change in drifted]
        self.pause = _pause(self.drift) if request["drift"] == "pause" and drifted else ""
        passing = PASSING + (("drifted",) if request["drift"] == "correct" else ())
        _forgive(actual["left"], changes, passing if recorded is not None else ())
        if request["drift"] == "report":
            for change in drifted:
                _leave(actual["left"], change, "drifted")
        changes = [change for change in changes if not self._left(change, actual["left"])]
        chosen = [change for change in changes if not request["scopes"] or change.scope in request["scopes"]]
        # Where scopes were chosen, the others may still want something.
        self.rest, changes = len(chosen) < len(changes), chosen
        impact = dict(_unfinished(unfinished, self.desired, actual["scopes"]), **dependents(changes, self.desired, actual["scopes"]))
        self.steps = plan(changes, impact, self.desired, actual["scopes"])["steps"]
        self.tried = {(step["scope"], step["key"]) for step in self.steps}
        self.changed = False

    def _left(self, change, left):
        known = left.get(change.scope, {}).get(change.key)
        if known:
            self.failures.setdefault(change.scope, {})[change.key] = known["reason"]
        return bool(known)

    def give_up(self, actual):
        """Leave alone, until the host wants something else of it, what was tried and still differs: no cycle tries the same again."""
        for change in diff(actual["scopes"], self.desired, self.kept):
            reason = self.failures.get(change.scope, {}).get(change.key, "differs")
            if (change.scope, change.key) in self.tried and code_of(reason) != "content_pending":
                _leave(actual["left"], change, reason)

    def note_packages(self, fetched):
        """What could not be fetched (see _packages/fetch) is no reason to stop."""
        for key, version in fetched["gone"].items():
            self._fail("packages", key, "package_version_gone: %s is the nearest" % version)
        for key, why in fetched["unavailable"].items():
            self._fail("packages", key, "package_not_fetched: %s" % why if why else "package_unavailable")

    def note_results(self, results):
        """What each step came to in the twin; `failed` is a sentence, or a reason with its detail."""
        steps = {step["id"]: step for step in self.steps}
        for result in results:
            self.changed = self.changed or result["changed"]
            if result["failed"]:
                step = steps[result["id"]]
                self._fail(step["scope"], step["key"], result["failed"])

    def _fail(self, scope, key, said):
        reason = said if code_of(said) in REASONS else "apply_failed: %s" % said
        self.failures.setdefault(scope, {}).setdefault(key, reason)

    def failed(self):
        """A sentence for each item that did not become what it should be."""
        return ["%s %s: %s" % (scope, key, explain(reason)) for scope, keys in self.failures.items() for key, reason in sorted(keys.items())]

    def verdict(self, actual):
        """The fidelity report of the twin as it is now."""
        return report(self.host, self.desired, self.exceptions, actual["scopes"], self.failures, self.kept)

    def shown(self, limit):
        """The first steps for people and diff mode: {"scope", "key", "verb", "because", "before", "after"}."""
        return [
            dict({name: step[name] for name in ("scope", "key", "verb", "because")}, before=_text(step["have"]), after=_text(step["want"]))
            for step in self._items()[:limit]
        ]

    def _items(self):
        return [step for step in self.steps if step["key"]]

    def counts(self):
        """Steps per scope."""
        counts = {}
        for step in self._items():
            counts[step["scope"]] = counts.get(step["scope"], 0) + 1
        return counts


def _text(fields):
    return "" if fields is None else "".join("%s: %s\n" % (name, dumps(value)) for name, value in sorted(fields.items()))


def _drift(changes, actual, recorded):
    """Changes to make because the twin is no longer what it was when it was verified."""
    found = []
    for change in changes:
        was = recorded["scopes"][change.scope]["items"].get(change.key)
        now = actual["scopes"][change.scope]["items"].get(change.key)
        lane = lane_of(change.scope, change.key)
        if (was is None) != (now is None) or was and (differing(lane, was, now) or differing(lane, now, was)):
            found.append(change)
    return found


def _leave(left, change, reason):
    left.setdefault(change.scope, {})[change.key] = {"want": digest(change.want), "reason": reason}


def _forgive(left, changes, passing):
    """Try again where the host wants something else by now, and what was left for one of the reasons in passing."""
    wanted = {(change.scope, change.key): digest(change.want) for change in changes}
    for scope, keys in left.items():
        left[scope] = {
            key: known for key, known in keys.items()
            if wanted.get((scope, key)) == known["want"] and code_of(known["reason"]) not in passing
        }


def _unfinished(steps, desired, actual):
    """What an interrupted cycle still had to restart or reload, as impact says it; units that are not to run are left out."""
    wanted, present = desired["services"]["items"], actual["services"]["items"]
    return {
        unit: {"verb": verb, "because": ["services:an interrupted cycle"]} for unit, verb in steps
        if unit in present and wanted.get(unit, {}).get("active") == "active"
    }


def _pause(drift):
    more = " and %d more" % (len(drift) - 3) if len(drift) > 3 else ""
    return "The twin was changed from within (%s%s). Follow again with safetytwin.twin.resume." % (", ".join(drift[:3]), more)
