# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzes one target of tests/unit/hostile/fuzz_targets.py, guided by coverage: `fuzz.py TARGET CORPUS [libFuzzer's options]`.

It needs the packages of requirements.txt beside it and pytest's conftest of the unit tests. CORPUS is a directory: inputs that reach new code are
added to it. An input that breaks a rule is written to a file crash-… in the working directory.
"""
from __future__ import annotations

import json
import pathlib
import random
import sys
from typing import Any

import atheris

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "unit" / "hostile"), str(ROOT / "tests" / "unit")]
EVIL = (
    "\0", "\x1b]0;x\x07", "\n", "../../x", "/etc/../x", "-o", "'; x", '"', "{{ 1 }}", "{% x %}", "\udcff", "\u202e", "a" * 5000, "a:b", "=", "", 0, -1, 2**70,
    2.5, None, True, [], {}, [[]], {"a": 1},
)


def places(node: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """(container, name) of each value below the node."""
    for name in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        found.append((node, name))
        places(node[name], found)
    return found


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Bytes with one value of their JSON replaced, renamed or copied, or with libFuzzer's own change."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        try:
            document = json.loads(data[1:].decode("utf-8", "surrogatepass"))
            node, name = chance.choice(places(document, []))
        except (IndexError, RecursionError, UnicodeDecodeError, ValueError):
            return bytes(atheris.Mutate(data, most))
        other, source = chance.choice(places(document, []))
        kind = chance.randrange(4)
        if kind == 0 and isinstance(node, dict):
            node[chance.choice([word for word in EVIL if isinstance(word, str)])] = node.pop(name)
        elif kind == 1:
            node[name] = json.loads(json.dumps(other[source]))
        elif kind == 2 and isinstance(node[name], str):
            at = chance.randrange(len(node[name]) + 1)
            node[name] = node[name][:at] + str(chance.choice(EVIL)) + node[name][at:]
        else:
            node[name] = chance.choice(EVIL)
        made = data[:1] + json.dumps(document).encode("ascii")
        return made if len(made) <= most else data[:most]
    return bytes(atheris.Mutate(data, most))


def main() -> None:
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["ansible_collections.safetytwin.twin.plugins.module_utils"]):
        import conftest  # noqa: F401, PLC0415 it makes the collection importable
        import fuzz_targets  # noqa: PLC0415
    for hook in ("RegEx", "str"):
        atheris.enabled_hooks.add(hook)
    atheris.Setup(sys.argv, fuzz_targets.TARGETS[name], custom_mutator=mutated if name != "redactor" else None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
