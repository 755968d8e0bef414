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

from ansible_collections.safetytwin.twin.plugins.module_utils._collect import _services_other, _services_systemd
from ansible_collections.safetytwin.twin.plugins.module_utils._errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._schema import fields_of

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "collect"


def _systemd(output, case):
    return _services_systemd.items(_services_systemd.parse_show(output), case.get("bus_names", []))


def _other(output, case):
    return getattr(_services_other, case["parser"])(output)


# Folder of fixtures: (scope, parser)
PARSERS = {
    "services_systemd": ("services", _systemd),
    "services_other": ("services", _other),
}
CASES = sorted(path for folder in PARSERS for path in (FIXTURES / folder).glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: "%s/%s" % (path.parent.name, path.stem))
def test_fixture(path):
    case = json.loads(path.read_text())
    scope, parser = PARSERS[path.parent.name]
    output = "\n".join(case["output"]).encode()
    if "error" in case:
        with pytest.raises(TwinError, match=case["error"]):
            parser(output, case)
        return
    items = parser(output, case)
    assert sorted(items) == sorted(case["expected"])
    for key, expected in case["expected"].items():
        assert {name: items[key].get(name) for name in expected} == expected, key
        assert set(items[key]) <= set(fields_of(scope, key)), "fields that the schema does not know"
