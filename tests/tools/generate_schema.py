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
TYPES = {"str": "string", "int": "integer", "bool": "boolean", "list": "array", "dict": "object"}


def tables():
    """The registry of scopes and the reasons as they would be imported, without a collection around them."""
    package = types.ModuleType("safetytwin")
    package.__path__ = [str(UTILS)]
    sys.modules["safetytwin"] = package
    from safetytwin._base import reasons
    from safetytwin._scopes import registry, schema
    return registry, schema.FORMAT, reasons


SCHEMA, FORMAT, REASONS = tables()


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
    if "" in scope.kinds:
        return {"type": "object", "additionalProperties": _item(scope.kinds[""])}
    patterns = {"^%s(:|$)" % kind: _item(fields) for kind, fields in scope.kinds.items()}
    return {"type": "object", "patternProperties": patterns, "additionalProperties": False}


def _item(fields):
    properties = {name: {"type": [TYPES[field.type], "null"], "description": field.doc} for name, field in fields.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def page_tables():
    """Markdown tables of scopes, fields and reasons."""
    text = ""
    for name, scope in SCHEMA.SCHEMA.items():
        text += "\n### %s\n\n%s %s\n\n" % (name, scope.doc, "Converged." if scope.converged else "Recorded only.")
        text += "| kind | field | lane | type | meaning |\n|---|---|---|---|---|\n"
        for kind, fields in scope.kinds.items():
            for field_name, field in fields.items():
                text += "| %s | `%s` | %s | %s | %s |\n" % ("`%s`" % kind if kind else "", field_name, field.lane, field.type, field.doc.replace("|", "\\|"))
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
