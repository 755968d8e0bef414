# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that an option that is written in two places is the same in both."""
from __future__ import annotations

import ast
import functools
import importlib
import pathlib
import re

import pytest
import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import RULES, Range
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA
from ansible_collections.safetytwin.twin.plugins.plugin_utils._options import CHECKED, PACKAGE, argument_spec

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
ACTIONS = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py"))
# The roles that converge one scope; a new scope needs none.
SINGLE = sorted(path.parts[-3] for path in (ROOT / "roles").glob("*/tasks/main.yml") if "tasks_from: scope" in path.read_text(encoding="utf-8"))
NOTHING = {"type": "str", "default": None, "choices": None, "required": False, "elements": None}


def module_spec(name):
    """The argument_spec that a module gives to AnsibleModule."""
    module = importlib.import_module("%s.modules.%s" % (PACKAGE, name))
    calls = [node for node in ast.walk(ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    words = next(call.keywords for call in calls if ast.unparse(call.func) == "AnsibleModule")
    spec = next(word.value for word in words if word.arg == "argument_spec")
    return eval(compile(ast.Expression(spec), module.__file__, "eval"), vars(module))


def plain(spec):
    """An argument spec with what is usual written out."""
    found = {}
    for name, option in spec.items():
        found[name] = {word: option.get(word, NOTHING[word]) for word in CHECKED}
        if "options" in option:
            found[name]["options"] = plain(option["options"])
    return found


@pytest.mark.parametrize("name", sorted(set(MODULES) - set(ACTIONS)))
def test_a_modules_argument_spec_is_its_documentation(name):
    assert plain(module_spec(name)) == plain(argument_spec(name))


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_writes_no_option_of_its_own(name):
    text = (ROOT / "plugins/action" / (name + ".py")).read_text(encoding="utf-8")
    assert 'MODULE = "%s"' % name in text and '"type":' not in text
    assert argument_spec(name)


@functools.lru_cache(maxsize=None)
def role_options(role):
    """{option: specification} of a role's entry points."""
    specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return {name: option for entry in specs.values() for name, option in entry.get("options", {}).items()}


def role_defaults(role):
    return yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8")) or {}


ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if (path / "meta/argument_specs.yml").exists())


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_defaults_are_those_that_it_documents(role):
    defaults = role_defaults(role)
    for name, option in role_options(role).items():
        if "default" in option:
            assert defaults[name] == option["default"], name
        assert name.startswith(role + "_"), name


def passed_on():
    """(role's option, module, module's option) of each option that a task of role twin gives to a module unchanged."""
    for path in sorted((ROOT / "roles/twin/tasks").glob("*.yml")):
        for node in walk(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for module in MODULES:
                for option, value in (node.get("safetytwin.twin." + module) or {}).items() if isinstance(node, dict) else ():
                    found = re.fullmatch(r"\{\{ (twin_\w+)(?: or omit)? \}\}", str(value))
                    if found and found.group(1) in role_options("twin"):
                        yield found.group(1), module, option


def walk(node):
    yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(inner)


@pytest.mark.parametrize(("name", "module", "option"), sorted(set(passed_on())))
def test_what_a_role_passes_on_is_of_the_modules_type(name, module, option):
    own, modules = (plain({"x": spec})["x"] for spec in (role_options("twin")[name], argument_spec(module)[option]))
    assert own["type"] == modules["type"] or {own["type"], modules["type"]} == {"str", "path"}
    assert (own["elements"], own["choices"]) == (modules["elements"], modules["choices"])
    if modules["default"] is not None and own["default"] not in (None, ""):
        assert own["default"] == modules["default"]


def test_the_roles_of_single_scopes_differ_only_by_their_name():
    texts = {
        role: {path: (ROOT / "roles" / role / path).read_text(encoding="utf-8").replace(role, "ROLE") for path in ("tasks/main.yml", "defaults/main.yml")}
        for role in SINGLE
    }
    assert all(text == texts[SINGLE[0]] for text in texts.values())
    assert {role: set(role_options(role)) for role in SINGLE} == {role: {role + "_hypervisor", role + "_drift"} for role in SINGLE}


@pytest.mark.parametrize("role", SINGLE)
def test_a_role_of_a_single_scope_names_a_scope_that_is_converged(role):
    assert SCHEMA[role].converged
    assert role_options(role)[role + "_drift"]["choices"] == argument_spec("twin_converge")["drift"]["choices"]


def documented():
    """(where, name without the prefix of a role, documentation) of each option of modules, the inventory plugin, filters and roles."""
    for path in sorted(ROOT.glob("plugins/*/*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
                for name, option in (yaml.safe_load(node.value.value).get("options") or {}).items():
                    yield f"{path.parent.name}-{path.stem}", name, option
    for role in ROLES:
        for name, option in role_options(role).items():
            yield f"role-{role}", name[len(role) + 1:], option


DOCUMENTED = [pytest.param(name, option, id=f"{where}-{name}") for where, name, option in documented()]


@pytest.mark.parametrize(("name", "option"), DOCUMENTED)
def test_every_number_has_a_range_and_every_rule_is_documented(name, option):
    rule = RULES.get(name)
    assert option.get("type") != "int" or isinstance(rule, Range), "Give this option a range in _base/options.py."
    if rule is not None:
        text = re.sub(r"[CV]\(([^)]*)\)", r"\1", " ".join([option["description"]] if isinstance(option["description"], str) else option["description"]))
        said = "from %d to %d" % (rule.least, rule.most) if isinstance(rule, Range) else rule.doc.partition(", as in ")[0]
        assert said in " ".join(text.split())


def test_the_role_checks_all_its_options_that_have_a_rule():
    checked = set(re.findall(r"'(twin_\w+)':", (ROOT / "roles/twin/tasks/main.yml").read_text(encoding="utf-8").partition("safetytwin.twin.refusals")[0]))
    assert checked == {name for name in role_options("twin") if name[len("twin_"):] in RULES}


OUT_OF_RANGE = [
    ("libvirt_twin", {"host": "web1", "memory": -4}, "memory is -4, but it must be from 128 to 1048576 MiB."),
    ("libvirt_twin", {"host": "web1", "vcpus": 900}, "vcpus is 900, but it must be from 1 to 255."),
    ("libvirt_twin", {"host": "web1", "machine_id": "zz"}, "machine_id is 'zz', but it must be 32 hexadecimal digits in lower case, as in /etc/machine-id."),
    ("libvirt_twin_info", {"wait": -1}, "wait is -1, but it must be from 0 to 600 seconds."),
    ("twin_image", {"facts": "/nowhere", "size": 0}, "size is 0, but it must be from 1 to 16384 GiB."),
    ("twin_info", {"host": "web1", "audit_interval": -1}, "audit_interval is -1, but it must be from 0 to 31536000 seconds."),
    ("twin_converge", {"host": "web1", "vcpus": 0}, "vcpus is 0, but it must be from 1 to 255."),
]


@pytest.fixture(name="refused", scope="module")
def fixture_refused(play):
    """The results of all tasks of OUT_OF_RANGE, in their order, from one run of Ansible: each run takes more than a second."""
    tasks = {f"tried_{number}": {"safetytwin.twin." + module: options} for number, (module, options, _sentence) in enumerate(OUT_OF_RANGE)}
    return list(play(tasks, "--check").results.values())


@pytest.mark.parametrize("number", range(len(OUT_OF_RANGE)), ids=[f"{module}-{sentence}" for module, _options, sentence in OUT_OF_RANGE])
def test_modules_and_actions_refuse_values_out_of_range(refused, number):
    assert refused[number]["failed"] and refused[number]["msg"] == OUT_OF_RANGE[number][2]


@pytest.mark.parametrize("option", ["twin_vcpus=0", "twin_memory_mib=-3", "twin_image_checksum=md5:1"])
def test_the_role_refuses_values_out_of_range_before_it_reads_anything(play, option):
    said = play({"tried": {"ansible.builtin.include_role": {"name": "safetytwin.twin.twin"}}}, "-e", option).output
    assert option.replace("=", " is ").replace("md5:1", "'md5:1'") + ", but it must be" in said
    assert "Read the record" not in said
