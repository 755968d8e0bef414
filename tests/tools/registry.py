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
from typing import NamedTuple

import graphlib

HERE = pathlib.Path(__file__).resolve().parents[2] / "plugins/module_utils/_scopes"
TARGET = HERE / "registry.py"


class Part(NamedTuple):
    """A part of a scope that other code asks for by scope: file and name, the registry's function for it, its type, what it is."""

    file: str
    name: str
    function: str
    type: str
    doc: str


PARTS = (
    Part("collect", "collect", "collectors", "Callable[[Context], Body]", "What reads each scope, as collect(context)."),
    Part("collect", "collect_telemetry", "telemetry", "Callable[[Context], dict[str, Any]]", "What reads telemetry, as collect_telemetry(context)."),
    Part("content", "blob", "blob_readers", "Callable[[Context, str, str], bytes | None]", "What reads the content of an item, as blob(context, key, digest)."),
    Part("policy", "POLICY", "policies", "Policy", "Which items of each scope a twin gets."),
    Part("affects", "reached", "affecting", "Callable[[Change, Readers], Iterable[tuple[str, str]]]", "Which units a change reaches, and the verb for each."),
    Part("steps", "STEPS", "planners", "Planner", "What makes the steps of each scope."),
    Part("payload", "PAYLOAD", "payloads", "Payload", "What travels with items and steps of each scope."),
    Part("apply", "APPLIERS", "appliers", "dict[str, Applier]", "What applies each batch of a scope, by the batch's name."),
    Part("readback", "READBACK", "readbacks", "Readback", "What is read again after each scope's steps."),
    Part("snapshot", "look", "snapshots", "Callable[[Context], dict[str, Any]]", "What looks at each scope without reading it: {key: stamp}."),
)

HEAD = '''\
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scope and its parts, by name. Made by tests/tools/registry.py from the folders; do not edit.

A part is imported when it is asked for: a harvest needs no applier, and importing one costs an emulated guest a second.
"""
from __future__ import annotations

import functools
from typing import Any, Callable, Iterable

'''


def names(path):
    """Names a file defines at its top."""
    if not path.exists():
        return set()
    body = ast.parse(path.read_text()).body
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assigned = {target.id for target in targets if isinstance(target, ast.Name)}
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
    lines += ["from .context import Context\n", "from .model import Body, Change, Scope\n"]
    lines += ["from .parts import Applier, Payload, Planner, Policy, Readback, Readers\n"]
    text = HEAD + "".join(sorted(lines))
    text += "\nSCHEMA: dict[str, Scope] = {\n%s}\n" % "".join('    "%s": %s,\n' % (scope, scope) for scope in scopes)
    text += "\nTELEMETRY: dict[str, str] = {\n%s}\n" % "".join('    "%s": %s,\n' % (scope, scope) for scope in only_telemetry)
    return text + "".join(map(listing, PARTS))


def listing(part):
    """The function of the registry that lists one part of all scopes."""
    found = having(part.file, part.name)
    head = '\n\n@functools.lru_cache(maxsize=None)\ndef %s() -> dict[str, %s]:\n    """%s"""\n' % (part.function, part.type, part.doc)
    lines = ["    from .%s.%s import %s as %s_part\n" % (scope, part.file, part.name, scope) for scope in found]
    rows = ['        "%s": %s_part,\n' % (scope, scope) for scope in found]
    return head + "".join(lines) + "\n    return {\n" + "".join(rows) + "    }\n"


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
