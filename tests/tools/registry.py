# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes _collect/_registry.py from the files beside it; --check only says whether it is fresh.

Ansible ships what is imported by name, so the list of collectors is code, and is made instead of kept.
"""
from __future__ import annotations

import ast
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parents[2] / "plugins/module_utils/_collect"
TARGET = HERE / "_registry.py"
ENTRIES = {"SCOPES": "collect", "TELEMETRY": "collect_telemetry"}

HEAD = '''\
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every collector by its scope. Made by tests/tools/registry.py; do not edit."""
from __future__ import annotations

'''


def entries(source):
    """Which tables a collector's source belongs to."""
    functions = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    return {table for table, function in ENTRIES.items() if function in functions}


def registry():
    """The text of _registry.py."""
    tables = {path.stem: entries(path.read_text()) for path in sorted(HERE.glob("_*.py")) if path != TARGET}
    modules = [name for name, found in tables.items() if found]
    text = HEAD + "from . import " + ", ".join(modules) + "\n"
    for table, function in ENTRIES.items():
        rows = ('    "%s": %s.%s,\n' % (name[1:], name, function) for name in modules if table in tables[name])
        text += "\n%s = {\n%s}\n" % (table, "".join(rows))
    return text


def main():
    made = registry()
    if TARGET.exists() and TARGET.read_text() == made:
        return 0
    if "--check" in sys.argv[1:]:
        sys.stderr.write("%s is not what its collectors say: run make generate and commit it.\n" % TARGET)
        return 1
    TARGET.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
