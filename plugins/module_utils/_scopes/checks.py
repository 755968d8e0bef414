# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes functions from shapes: each checks one JSON value and returns the rule that it breaks, as text, or None. Every harvest is checked by them,
so each is made once."""

from __future__ import annotations

import functools
import re
from typing import Any, Callable, Optional

from .grammars import Flag, Listing, Mapping, Number, Record, Shape, Text, Tree
from .model import Field, Scope

# None if the value is valid, else the end of a sentence that begins with the value's name. It never quotes the value.
Check = Callable[[Any], Optional[str]]


def check_of(shape: Shape) -> Check:
    """A function that checks a value against a shape; it returns the broken rule as text, or None."""
    if isinstance(shape, Text):
        return _text(shape)
    if isinstance(shape, Number):
        return _number(shape)
    if isinstance(shape, Flag):
        return lambda value: None if isinstance(value, bool) else "is neither true nor false"
    if isinstance(shape, Listing):
        return _listing(shape)
    if isinstance(shape, Record):
        return _record({name: check_of(member) for name, member in shape.members.items()}, shape.needed)
    if isinstance(shape, Mapping):
        return _mapping(shape)
    return _tree(shape)


def _text(shape: Text) -> Check:
    matches, longest, wrong = re.compile(shape.pattern).fullmatch, shape.longest, "is not %s" % shape.doc

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "is not text"
        if len(value) > longest:
            return "is longer than %d characters" % longest
        return None if matches(value) else wrong

    return check


def _number(shape: Number) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "is not a whole number"
        return None if shape.least <= value <= shape.most else "is not between %d and %d" % shape

    return check


def _listing(shape: Listing) -> Check:
    check_each = check_of(shape.each)

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "is not a list"
        if len(value) > shape.most:
            return "has more than %d entries" % shape.most
        for entry in value:
            wrong = check_each(entry)
            if wrong:
                return "has an entry that %s" % wrong
        return None

    return check


def _record(members: dict[str, Check], needed: tuple[str, ...]) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "is not an object"
        for name, entry in value.items():
            if entry is None:
                continue
            look = members.get(name)
            if look is None:
                return "has a field that the state format does not know"
            wrong = look(entry)
            if wrong:
                return "has a %s that %s" % (name, wrong)
        for name in needed:
            if value.get(name) is None:
                return "has no %s" % name
        return None

    return check


def _mapping(shape: Mapping) -> Check:
    check_key, check_value = check_of(shape.key), check_of(shape.value)

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "is not an object"
        if len(value) > shape.most:
            return "has more than %d members" % shape.most
        for name, entry in value.items():
            wrong = check_key(name) or check_value(entry)
            if wrong:
                return "has a member that %s" % wrong
        return None

    return check


def _tree(shape: Tree) -> Check:
    check_text = _text(shape.text)

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "is not an object"
        level, seen = [value], 1
        for _depth in range(shape.depth):
            below = [entry for node in level for entry in _below(node)]
            seen += len(below)
            if seen > shape.most:
                return "has more than %d values" % shape.most
            for entry in below:
                wrong = check_text(entry) if isinstance(entry, str) else None
                if wrong:
                    return "has a value that %s" % wrong
            level = [entry for entry in below if type(entry) in (dict, list)]
            if not level:
                return None
        return "is nested more than %d deep" % shape.depth

    return check


def _below(node: Any) -> list[Any]:
    """The values of a list or an object, with the names of its members."""
    return node if isinstance(node, list) else [*node, *node.values()]


class ScopeCheck:
    """The checks of one scope's keys and items."""

    def __init__(self, scope: Scope) -> None:
        self.most = scope.most
        self._keys = {kind: check_of(scope.keys[kind]) for kind in scope.kinds}
        self._items = {kind: _item(fields, scope.needs.get(kind, {})) for kind, fields in scope.kinds.items()}
        self._single = "" in scope.kinds

    def key(self, key: str) -> str | None:
        """Which rule the key of an item breaks, or None."""
        look = self._keys.get("" if self._single else key.partition(":")[0])
        wrong = look(key) if look else "is of no kind that the scope has"
        return "its key %s" % wrong if wrong else None

    def item(self, key: str, item: Any) -> str | None:
        """Which rule an item breaks, its key included, or None."""
        wrong = self.key(key)
        if wrong:
            return wrong
        found = self._items["" if self._single else key.partition(":")[0]](item)
        return "it %s" % found if found else None


def _item(fields: dict[str, Field], needs: dict[str, dict[str, tuple[str, ...]]]) -> Check:
    needed = tuple(name for name, field in fields.items() if field.needed)
    check_fields = _record({name: check_of(field.shape) for name, field in fields.items()}, needed)

    def check(item: Any) -> str | None:
        wrong = check_fields(item)
        if wrong:
            return wrong
        for name, by_value in needs.items():
            for other in by_value.get(item[name], ()):
                if item.get(other) is None:
                    return "has no %s, which a %s of %s needs" % (other, name, item[name])
        return None

    return check


@functools.lru_cache(maxsize=None)
def check_once(shape: Text) -> Check:
    """As check_of, of a text. Its pattern is compiled at the first call."""
    return _text(shape)
