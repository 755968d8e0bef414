# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are written once, in a module's DOCUMENTATION: the argument spec of its action is made from that."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Iterator

import yaml

PACKAGE = "ansible_collections.safetytwin.twin.plugins"
COLLECTION = "safetytwin.twin."
# What of an option's documentation is part of an argument spec.
CHECKED = ("type", "default", "choices", "required", "elements")


@functools.lru_cache(maxsize=None)
def argument_spec(module: str) -> dict[str, Any]:
    """The argument spec that a module's DOCUMENTATION and its fragments describe, by the module's name without the collection's."""
    spec: dict[str, Any] = {}
    for documentation in _documents(module):
        spec.update({name: _option(option) for name, option in documentation.get("options", {}).items()})
    return spec


def _documents(module: str) -> Iterator[dict[str, Any]]:
    own = yaml.safe_load(importlib.import_module("%s.modules.%s" % (PACKAGE, module)).DOCUMENTATION)
    for fragment in own.get("extends_documentation_fragment", ()):
        name, _dot, part = fragment[len(COLLECTION):].partition(".")
        source = importlib.import_module("%s.doc_fragments.%s" % (PACKAGE, name)).ModuleDocFragment
        yield yaml.safe_load(getattr(source, (part or "documentation").upper()))
    yield own


def _option(option: dict[str, Any]) -> dict[str, Any]:
    spec = {word: option[word] for word in CHECKED if word in option}
    if "suboptions" in option:
        spec["options"] = {name: _option(inner) for name, inner in option["suboptions"].items()}
    return spec
