# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A valid state with every field of the schema, made from the schema alone: what attacks it covers a new field at once."""
from __future__ import annotations

from typing import Any

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.checks import ScopeCheck, check_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.grammars import Flag, Listing, Mapping, Number, Record, Shape, Text, Tree
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

# One of them suits each grammar; a grammar that none suits needs another word here.
WORDS = (
    "file", "ab", "a", "a" * 64, "/etc/ab", "1.2-3", "0644", "installed", "active", "uefi", "52:54:00:00:00:01", "192.0.2.7/24", "ab.service", "requires",
    "tcp 0.0.0.0:80", "2026-11-25T08:00:00Z", "2026-11-25 08:00:00Z", "",
)
NAMES = (*WORDS, "docker/ab", "ab:amd64")


def example(shape: Shape) -> Any:
    """A value of the shape, with every member that it can have."""
    if isinstance(shape, Text):
        found = [word for word in WORDS if check_of(shape)(word) is None]
        assert found, "no word of WORDS is %s: add one" % shape.doc
        return found[0]
    if isinstance(shape, Number):
        return max(shape.least, 1)
    if isinstance(shape, Flag):
        return True
    if isinstance(shape, Listing):
        return [example(shape.each)]
    if isinstance(shape, Record):
        return {name: example(member) for name, member in shape.members.items()}
    if isinstance(shape, Mapping):
        return {example(shape.key): example(shape.value)}
    assert isinstance(shape, Tree)
    return {"Name": "ab", "List": ["ab", {"Name": "ab"}]}


def key(scope: str, kind: str) -> str:
    """A key of the kind."""
    check = ScopeCheck(SCHEMA[scope]).key
    found = [name for name in ([kind] if kind else []) + [kind + ":" + word if kind else word for word in NAMES] if name and check(name) is None]
    assert found, "no word of NAMES is a key of %s %s: add one" % (scope, kind)
    return found[0]


def scopes() -> dict[str, Any]:
    """One item of each kind of each scope, with every field."""
    found = {}
    for scope, row in SCHEMA.items():
        items = {key(scope, kind): {name: example(field.shape) for name, field in fields.items()} for kind, fields in row.kinds.items()}
        assert not [wrong for wrong in (ScopeCheck(row).item(name, item) for name, item in items.items()) if wrong]
        found[scope] = {"status": "ok", "note": "", "items": items, "excluded": {}}
    return found
