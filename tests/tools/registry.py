# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes _scopes/registry.py from the folders beside it; --check only says whether it is fresh.

Ansible ships what is imported by name, so the list of scopes is code, and is generated instead of maintained.
"""
from __future__ import annotations

import ast
import pathlib
import sys

import graphlib

HERE = pathlib.Path(__file__).resolve().parents[2] / "plugins/module_utils/_scopes"
TARGET = HERE / "registry.py"
# Each part of a scope that other code asks for by scope: file, name in it, what the list is.
PARTS = (
    ("collect", "collect", "collectors", "What reads each scope, as collect(context) -> Body."),
    ("collect", "collect_telemetry", "telemetry", "What reads each kind of telemetry, as collect_telemetry(context) -> dict."),
)

HEAD = '''\
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scope and its parts, by name. Made by tests/tools/registry.py from the folders; do not edit.

A part is imported when it is asked for: a harvest needs no applier, and importing one costs an emulated guest a second.
"""
from __future__ import annotations

from typing import Any, Callable

'''


def names(path):
    """Names a file defines at its top."""
    if not path.exists():
        return set()
    body = ast.parse(path.read_text()).body
    assigned = {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    return assigned | {node.name for node in body if isinstance(node, ast.FunctionDef)}


def having(file, name):
    """Scopes whose folder has a file that defines the name."""
    return sorted(folder.name for folder in HERE.iterdir() if folder.is_dir() and name in names(folder / (file + ".py")))


def builds_on(scope):
    """The scopes that a scope's fields.py says it builds on."""
    calls = (node for node in ast.walk(ast.parse((HERE / scope / "fields.py").read_text())) if isinstance(node, ast.Call))
    words = {word.arg: word.value for call in calls for word in call.keywords if ast.unparse(call.func) == "Scope"}
    return ast.literal_eval(words["builds_on"]) if "builds_on" in words else ()


def registry():
    """The text of registry.py; a scope stands behind those it builds on."""
    scopes, only_telemetry = having("fields", "SCOPE"), having("fields", "TELEMETRY")
    scopes = list(graphlib.TopologicalSorter({scope: builds_on(scope) for scope in scopes}).static_order())
    lines = ["from .%s.fields import SCOPE as %s\n" % (scope, scope) for scope in scopes]
    lines += ["from .%s.fields import TELEMETRY as %s\n" % (scope, scope) for scope in only_telemetry]
    text = HEAD + "".join(sorted([*lines, "from .model import Scope\n"]))
    text += "\nSCHEMA: dict[str, Scope] = {\n%s}\n" % "".join('    "%s": %s,\n' % (scope, scope) for scope in scopes)
    text += "\nTELEMETRY: dict[str, str] = {\n%s}\n" % "".join('    "%s": %s,\n' % (scope, scope) for scope in only_telemetry)
    for file, name, function, doc in PARTS:
        found = having(file, name)
        text += '\n\ndef %s() -> dict[str, Callable[..., Any]]:\n    """%s"""\n' % (function, doc)
        text += "".join("    from .%s.%s import %s as %s_part\n" % (scope, file, name, scope) for scope in found)
        text += "\n    return {\n%s    }\n" % "".join('        "%s": %s_part,\n' % (scope, scope) for scope in found)
    return text


def main():
    made = registry()
    if TARGET.exists() and TARGET.read_text() == made:
        return 0
    if "--check" in sys.argv[1:]:
        sys.stderr.write("%s is not what the folders beside it say: run make generate and commit it.\n" % TARGET)
        return 1
    TARGET.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
