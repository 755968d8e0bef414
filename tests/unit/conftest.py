# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes this checkout importable as ansible_collections.safetytwin.twin, wherever it lies."""
from __future__ import annotations

import importlib.util
import pathlib
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTION = "ansible_collections.safetytwin.twin"


def _importable():
    try:
        return importlib.util.find_spec(COLLECTION) is not None
    except ModuleNotFoundError:
        return False


def _mount():
    """Three package objects, the last one with the checkout as its path; the rest is ordinary import."""
    name = ""
    for part in COLLECTION.split("."):
        parent, name = name, (name + "." + part).lstrip(".")
        package = sys.modules.setdefault(name, types.ModuleType(name))
        package.__path__ = [str(ROOT)] if name == COLLECTION else list(getattr(package, "__path__", []))
        if parent:
            setattr(sys.modules[parent], part, package)


# ansible-test has mounted the collection already.
if not _importable():
    _mount()
