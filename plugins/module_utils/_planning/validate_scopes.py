# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the scopes that a machine sent, item by item, against the schema, and merges them with the last known ones.

An item that breaks a rule is left out with a reason; where the state before has it, that item stays instead. A scope of the wrong shape has
failed, and all of it stays as it was known.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from .._base.codec import digest, printable
from .._base.reasons import REASONS, code_of
from .._scopes.checks import ScopeCheck, check_once
from .._scopes.grammars import text
from .._scopes.model import Body, Declared, Item, Items, Reasons
from .._scopes.registry import SCHEMA
from .._scopes.schema import desired

STATUSES = ("ok", "empty", "failed")
REASON, NOTE = text(2048), text(4096)
SHOWN_KEY = 240  # characters of a key in a report
LONGEST_KEY = 8192  # characters of a key that is kept for the next delta although it breaks a rule


class Parsed(NamedTuple):
    """One checked scope. declared is None if the next harvest cannot be a delta to this one."""

    body: Body
    declared: Declared | None
    violations: list[str]


@functools.lru_cache(maxsize=None)
def check_of_scope(scope: str) -> ScopeCheck:
    """The checks of a scope, compiled at their first use."""
    return ScopeCheck(SCHEMA[scope])


def parse_scope(scope: str, raw: Any, before: Body | None, declared: Declared | None, whole: bool) -> Parsed:
    """One scope as sent: all of it, or (whole is False) what differs from the scope that `before` and `declared` are of."""
    wrong = shape(scope, raw, whole)
    if wrong:
        sentence = "The scope %s %s; %s." % (scope, wrong, "its last valid state is kept" if before else "nothing is known of it")
        return Parsed(failed_scope(sentence, before), None, [sentence])
    if whole:
        raw = {**raw, "removed": []}
    reader = _Reader(scope, raw, before, {} if whole or declared is None else declared["withheld"])
    reader.read({} if whole or before is None else before["items"])
    return Parsed(reader.body(), reader.declared(), reader.violations)


def sentence(scope: str, key: str, wrong: str) -> str:
    """What is said of an item that breaks a rule."""
    return "%s %s is refused: %s." % (scope, printable(key, SHOWN_KEY), wrong)


def failed_scope(note: str, before: Body | None) -> Body:
    """A scope that could not be read, with its last known items."""
    known: Body = before or {"status": "failed", "note": "", "items": {}, "excluded": {}}
    return {"status": "failed", "note": note, "items": known["items"], "excluded": known["excluded"]}


def shape(scope: str, raw: Any, whole: bool) -> str | None:
    """What of a scope breaks a rule before its items are looked at, as the end of a sentence."""
    if not isinstance(raw, dict):
        return "is not an object"
    most = check_of_scope(scope).most
    for name, kind in (("items", dict), ("excluded", dict), *(() if whole else (("removed", list),))):
        if not isinstance(raw.get(name), kind):
            return "has no valid %s" % name
        if len(raw[name]) > most:
            return "has more than %d %s" % (most, name)
    if raw.get("status") not in STATUSES:
        return "has no valid status"
    if not isinstance(raw.get("note"), str):
        return "has no valid note"
    if not whole and any(not isinstance(key, str) for key in raw["removed"]):
        return "has no valid removed"
    return None


class _Reader:
    """Reads the items and exclusions of one scope of the right shape."""

    def __init__(self, scope: str, raw: dict[str, Any], before: Body | None, withheld: dict[str, list[str]]) -> None:
        self.scope, self.raw = scope, raw
        self.last: Items = before["items"] if before else {}
        self.check = check_of_scope(scope)
        gone = set(raw["removed"]) | raw["items"].keys()
        self.withheld = {key: entry for key, entry in withheld.items() if key not in gone}
        self.items: Items = {}
        self.excluded: Reasons = {}
        self.violations: list[str] = []
        self.traceable = True  # whether every item that was left out can be named in the next delta

    def read(self, known: Items) -> None:
        """Replace the known items by the sent ones."""
        gone = set(self.raw["removed"])
        self.items = {key: item for key, item in known.items() if key not in gone}
        check, items = self.check.item, self.items
        for key, item in self.raw["items"].items():
            wrong = check(key, item)
            if not wrong:
                items[key] = item
                continue
            compared = _compared(self.scope, key, item)
            if compared is None or check(key, compared):
                self._withhold(key, item, wrong)
            else:  # only a field that is never compared is wrong: the item goes without those
                items[key] = compared
                self.violations.append(sentence(self.scope, key, wrong))
        self._exclude()

    def _withhold(self, key: str, item: Any, wrong: str) -> None:
        if key in self.last:
            self.items[key] = self.last[key]
        said = _digest_of(self.scope, key, item)
        if said is None or len(key) > LONGEST_KEY:
            self.traceable = False
            self._note(key, wrong)
        else:
            self.withheld[key] = [said, wrong]

    def _exclude(self) -> None:
        for key, reason in self.raw["excluded"].items():
            wrong = self.check.key(key) or _reason_wrong(reason)
            if wrong:
                self._note(key, wrong)
            else:
                self.excluded[key] = reason
        for key, (_digest, wrong) in self.withheld.items():
            self._note(key, wrong)

    def _note(self, key: str, wrong: str) -> None:
        """Record why an item differs from the host's. A valid key is kept unchanged, because the twin's item has the same key."""
        shown = key if self.check.key(key) is None else printable(key, SHOWN_KEY)
        self.excluded[shown] = "%s: %s" % ("invalid_last_kept" if key in self.items else "invalid", wrong)
        self.violations.append(sentence(self.scope, shown, wrong))

    def body(self) -> Body:
        """The checked scope."""
        return {
            "status": self.raw["status"], "note": printable(self.raw["note"], NOTE.longest), "items": self.items, "excluded": self.excluded,
        }

    def declared(self) -> Declared | None:
        """The digest of the scope as the machine sent it, before items were left out."""
        if not self.traceable:
            return None
        withheld = self.withheld
        rows = [
            [key, withheld[key][0] if key in withheld else digest(desired(self.scope, key, self.items[key]))]
            for key in sorted(self.items.keys() | withheld.keys())
        ]
        try:
            said = digest([self.raw["status"], rows, sorted(self.raw["excluded"].items())])
        except (RecursionError, TypeError, ValueError):  # a reason that is no text may be anything
            return None
        return {"digest": said, "withheld": withheld}


def _compared(scope: str, key: str, item: Any) -> Item | None:
    """The compared fields of an item; None if the item has another form."""
    try:
        return desired(scope, key, item)
    except (AttributeError, KeyError, TypeError):
        return None


def _digest_of(scope: str, key: str, item: Any) -> str | None:
    """The machine's digest of an item; None if it cannot have one."""
    compared = _compared(scope, key, item)
    try:
        return None if compared is None else digest(compared)
    except (RecursionError, TypeError, ValueError):
        return None


def _reason_wrong(reason: Any) -> str | None:
    wrong = check_once(REASON)(reason)
    if wrong:
        return "its reason %s" % wrong
    return None if code_of(reason) in REASONS else "its reason has no known code"
