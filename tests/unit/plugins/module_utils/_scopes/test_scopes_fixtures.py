# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file below fixtures/collect is a test: a program's output, and the items it must become.

`expected` names all items; of each item the fields named, where null means absent. `error` is part of a refusal's sentence.
"""
from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.containers import collect as containers
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.hardware import collect as hardware
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.load import collect as load_collect
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import fields_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services import supervisors, systemd

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "collect"


def _output(case):
    return "\n".join(case["output"])


def _systemd(case):
    return systemd.items(systemd.parse_show(_output(case).encode()), case.get("bus_names", []))


def _other(case):
    return getattr(supervisors, case["parser"])(_output(case).encode())


def _docker(case):
    return containers.parse(case["engine"], case["answers"])


# Folder of fixtures: (scope, parser) where the answer is items of a scope.
ITEMS = {
    "containers": ("containers", _docker),
    "services_other": ("services", _other),
    "services_systemd": ("services", _systemd),
}
# Folder of fixtures: module whose function `parser` takes the text (and `arguments`) and must give exactly `expected`.
VALUES = {"hardware": hardware, "load": load_collect}


def _cases(folders):
    paths = sorted(path for folder in folders for path in (FIXTURES / folder).glob("*.json"))
    return pytest.mark.parametrize("path", paths, ids=lambda path: "%s/%s" % (path.parent.name, path.stem))


@_cases(ITEMS)
def test_items(path):
    case = json.loads(path.read_text())
    scope, parser = ITEMS[path.parent.name]
    if "error" in case:
        with pytest.raises(TwinError, match=case["error"]):
            parser(case)
        return
    items = parser(case)
    assert sorted(items) == sorted(case["expected"])
    for key, expected in case["expected"].items():
        assert {name: items[key].get(name) for name in expected} == expected, key
        assert set(items[key]) <= set(fields_of(scope, key)), "fields that the schema does not know"


@_cases(VALUES)
def test_values(path):
    case = json.loads(path.read_text())
    parser = getattr(VALUES[path.parent.name], case["parser"])
    assert parser(_output(case), *case.get("arguments", [])) == case["expected"]
