# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plugins document of their results is what they return, and each field has a sample."""
from __future__ import annotations

import ast
import pathlib
import re

import jmespath
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict, "path": str}
# What Ansible itself adds to a result.
USUAL = {"changed", "failed", "invocation", "diff", "warnings", "deprecations"}


def documented(path, text="RETURN"):
    """A plugin's RETURN, {name: documentation}, or another text of YAML; {} where it has none."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == text:
            return yaml.safe_load(node.value.value)
    return {}


def fields(documentation, above=""):
    """(path, documentation) of each field that has no fields of its own."""
    for name, field in documentation.items():
        if "contains" in field:
            yield from fields(field["contains"], above + name + ".")
        else:
            yield above + name, field


RETURNS = {path.stem: documented(path) for path in sorted(ROOT.glob("plugins/*/*.py")) if documented(path)}


@pytest.mark.parametrize(("name", "field"), [
    pytest.param(path, field, id=f"{plugin}-{path}") for plugin, returned in RETURNS.items() for path, field in fields(returned)
])
def test_each_field_has_a_sample_of_its_type(name, field):
    assert "sample" in field, name
    assert isinstance(field["sample"], TYPES[field["type"]]), name
    for each in field["sample"] if "elements" in field else ():
        assert isinstance(each, TYPES[field["elements"]]), name


def undocumented(fields_of, value, above=""):
    """Paths of what a real value has and the documentation does not; where no key is that of a field, they are names of entries."""
    if isinstance(value, list):
        return sorted({path for each in value for path in undocumented(fields_of, each, above)})
    if fields_of.keys().isdisjoint(value):
        return sorted({path for each in value.values() for path in undocumented(fields_of, each, above)}) if value else []
    found = [above + name for name in value if name not in fields_of]
    for name, inner in value.items():
        if inner and "contains" in fields_of.get(name, {}):
            found += undocumented(fields_of[name]["contains"], inner, above + name + ".")
    return found


@pytest.fixture(name="results", scope="module")
def fixture_results(play, tmp_path_factory):
    """Results of the modules on this machine, as {name of the task: result}. The name of the module begins that of its task."""
    place = tmp_path_factory.mktemp("returns")
    (place / "disk.raw").write_bytes(b"\1" * 65536)
    image = {"path": str(place / "disk.raw"), "directory": str(place / "images")}
    return play({
        "host_container_facts": {"safetytwin.twin.host_container_facts": {}},
        "host_hardware_facts": {"safetytwin.twin.host_hardware_facts": {}},
        "host_process_facts": {"safetytwin.twin.host_process_facts": {}},
        "host_service_facts": {"safetytwin.twin.host_service_facts": {}},
        "host_state_info": {"safetytwin.twin.host_state_info": {"exclude": ["/etc/*/*", "/opt/*", "/usr/local/*"]}},
        "twin_info_new": {"safetytwin.twin.twin_info": {"host": "web1"}},
        "twin_converge": {"safetytwin.twin.twin_converge": {"host": "web1", "harvest": "{{ host_state_info.document }}"}},
        "twin_info": {"safetytwin.twin.twin_info": {"host": "web1", "growth": True}},
        "twin_record": {"safetytwin.twin.twin_record": {"host": "web1", "state": "paused"}, "check_mode": True},
        "twin_image_planned": {"safetytwin.twin.twin_image": image, "check_mode": True},
        "twin_image": {"safetytwin.twin.twin_image": image},
        "libvirt_twin": {"safetytwin.twin.libvirt_twin": {"host": "web1", "state": "absent", "uri": "test:///default"}},
        "libvirt_twin_info": {"safetytwin.twin.libvirt_twin_info": {"uri": "test:///default"}},
    }).results


def plugin_of(task):
    return max((name for name in RETURNS if task.startswith(name)), key=len)


@pytest.mark.parametrize("task", [
    "host_container_facts", "host_hardware_facts", "host_process_facts", "host_service_facts", "host_state_info", "libvirt_twin", "libvirt_twin_info",
    "twin_converge", "twin_image", "twin_image_planned", "twin_info", "twin_info_new", "twin_record",
])
def test_a_real_run_returns_what_is_documented(results, task):
    result, returned = results[task], RETURNS[plugin_of(task)]
    assert not result.get("failed"), result.get("msg")
    own = {name: value for name, value in result.items() if name not in USUAL}
    assert undocumented(returned, own) == []
    assert {name for name, field in returned.items() if field["returned"] == "success"} <= own.keys()


def queries():
    """(name of the module, variable, JMESPath query) of each example that has one."""
    for path in sorted(ROOT.glob("plugins/modules/*.py")):
        for task in documented(path, "EXAMPLES"):
            found = re.search(r"\{\{ (\S+) \| community\.general\.json_query\((.+)\) \}\}", str(task.get("ansible.builtin.debug", "")))
            if found:
                variable, query = found.groups()
                yield path.stem, variable.rpartition(".")[2], task["vars"][query] if query in task.get("vars", {}) else query.strip("'")


def sample(field):
    """The sample of a field, or that of its fields together."""
    return field["sample"] if "sample" in field else {name: sample(inner) for name, inner in field["contains"].items()}


@pytest.mark.parametrize(("module", "variable", "query"), [pytest.param(*each, id=each[0]) for each in queries()])
def test_queries_of_the_examples_select_from_the_documented_results(module, variable, query):
    field = RETURNS[module].get(variable) or RETURNS[module]["ansible_facts"]["contains"][variable]
    assert jmespath.search(query, sample(field))
