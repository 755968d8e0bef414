# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/state.schema.json and the tables of docs/state-format.md from schema.py; --check only says whether they are fresh."""
from __future__ import annotations

import json
import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
UTILS = ROOT / "plugins/module_utils"
SCHEMA_FILE = ROOT / "docs/state.schema.json"
PAGE = ROOT / "docs/state-format.md"
BEGIN, END = "<!-- tables: made by tests/tools/generate_schema.py -->\n", "<!-- end of tables -->\n"


def tables():
    """The registry of scopes and the reasons as they would be imported, without a collection around them."""
    package = types.ModuleType("safetytwin")
    package.__path__ = [str(UTILS)]
    sys.modules["safetytwin"] = package
    from safetytwin._base import reasons
    from safetytwin._scopes import grammars, registry, schema
    return registry, schema.FORMAT, reasons, grammars


SCHEMA, FORMAT, REASONS, GRAMMARS = tables()


def json_schema():
    """A JSON Schema of one state; unknown fields are refused, so that a typing error cannot hide."""
    scopes = {
        name: {
            "type": "object", "description": scope.doc, "additionalProperties": False,
            "required": ["status", "note", "items", "excluded"],
            "properties": {
                "status": {"enum": ["ok", "empty", "failed"]},
                "note": {"type": "string"},
                "items": _items(scope),
                "excluded": {"type": "object", "additionalProperties": {"type": "string", "pattern": "^(%s)(:|$)" % "|".join(sorted(REASONS.REASONS))}},
            },
        }
        for name, scope in SCHEMA.SCHEMA.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "State of a host or twin, format %d" % FORMAT,
        "type": "object", "required": ["format", "scopes"],
        "properties": {
            "format": {"const": FORMAT},
            "scopes": {"type": "object", "properties": scopes, "additionalProperties": False},
        },
    }


def _items(scope):
    kinds = {_whole(scope.keys[kind].pattern): _item(fields, scope.needs.get(kind, {})) for kind, fields in scope.kinds.items()}
    return {"type": "object", "maxProperties": scope.most, "patternProperties": kinds, "additionalProperties": False}


def _item(fields, needs):
    properties = {name: dict(_nullable(_shape(field.shape)), description=field.doc) for name, field in fields.items()}
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = [name for name, field in fields.items() if field.needed]
    rules = [
        {"if": {"properties": {name: {"const": value}}}, "then": {"required": list(others)}}
        for name, by_value in needs.items() for value, others in by_value.items()
    ]
    return dict(made, **({"required": needed} if needed else {}), **({"allOf": rules} if rules else {}))


def _whole(pattern):
    return "^(?:%s)$" % pattern


def _nullable(shape):
    return dict(shape, type=[shape["type"], "null"])


def _shape(shape):
    """The JSON Schema of a shape of grammars.py; how deep a tree may be is for the parser alone to say."""
    if isinstance(shape, GRAMMARS.Text):
        return {"type": "string", "pattern": _whole(shape.pattern), "maxLength": shape.longest}
    if isinstance(shape, GRAMMARS.Number):
        return {"type": "integer", "minimum": shape.least, "maximum": shape.most}
    if isinstance(shape, GRAMMARS.Flag):
        return {"type": "boolean"}
    if isinstance(shape, GRAMMARS.Listing):
        return {"type": "array", "items": _shape(shape.each), "maxItems": shape.most}
    if isinstance(shape, GRAMMARS.Record):
        members = {name: _nullable(_shape(member)) for name, member in shape.members.items()}
        return {"type": "object", "properties": members, "required": list(shape.needed), "additionalProperties": False}
    if isinstance(shape, GRAMMARS.Mapping):
        return {
            "type": "object", "propertyNames": _shape(shape.key), "additionalProperties": _shape(shape.value), "maxProperties": shape.most,
        }
    return {"type": "object"}


def rule(shape):
    """A shape in words, for the page."""
    if isinstance(shape, GRAMMARS.Text):
        return "%s; at most %d characters" % (shape.doc, shape.longest)
    if isinstance(shape, GRAMMARS.Number):
        return "%d to %d" % shape
    if isinstance(shape, GRAMMARS.Flag):
        return "true or false"
    if isinstance(shape, GRAMMARS.Listing):
        return "at most %d, each: %s" % (shape.most, rule(shape.each))
    if isinstance(shape, GRAMMARS.Record):
        return "; ".join("`%s`: %s" % (name, rule(member)) for name, member in shape.members.items())
    if isinstance(shape, GRAMMARS.Mapping):
        return "names: %s; values: %s" % (rule(shape.key), rule(shape.value))
    return "nested at most %d deep, at most %d values, each %s" % (shape.depth, shape.most, rule(shape.text))


def page_tables():
    """Markdown tables of scopes, fields and reasons."""
    text = ""
    for name, scope in SCHEMA.SCHEMA.items():
        text += "\n### %s\n\n%s %s\n\n" % (name, scope.doc, "Converged." if scope.converged else "Recorded only.")
        for kind, key in scope.keys.items():
            text += "- The key of %s is %s.\n" % ("a `%s`" % kind if kind else "an item", key.doc)
        text += "- It has at most %d items.\n\n" % scope.most
        text += "| kind | field | lane | type | rule | meaning |\n|---|---|---|---|---|---|\n"
        for kind, fields in scope.kinds.items():
            for field_name, field in fields.items():
                cells = ("`%s`" % kind if kind else "", "`%s`" % field_name, field.lane, field.type, rule(field.shape), field.doc)
                text += "| %s |\n" % " | ".join(cell.replace("|", "\\|") for cell in cells)
    text += "\n### Telemetry\n\nRead by every harvest, in no state.\n\n| scope | meaning |\n|---|---|\n"
    text += "".join("| `%s` | %s |\n" % row for row in SCHEMA.TELEMETRY.items())
    text += "\n### Reasons\n\n| code | level | meaning |\n|---|---|---|\n"
    text += "".join("| `%s` | %s | %s |\n" % (code, reason.level, reason.sentence) for code, reason in REASONS.REASONS.items())
    return text + "\n"


def page(now):
    """The page with its tables made anew; what people wrote around them stays."""
    before, begin, rest = now.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit("%s has lost the comments that its tables stand between." % PAGE)
    return before + BEGIN + page_tables() + END + after


def main():
    made = {SCHEMA_FILE: json.dumps(json_schema(), indent=1) + "\n", PAGE: page(PAGE.read_text(encoding="utf-8"))}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write("%s is not what schema.py says: run make generate and commit it.\n" % path.relative_to(ROOT))
        return 1 if stale else 0
    for path in stale:
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
