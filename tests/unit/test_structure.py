# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the structure of the code against docs/architecture.md: documentation, tests, one-way imports, size."""
from __future__ import annotations

import ast
import functools
import pathlib
import re
import subprocess
import sys

import graphlib
import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # there with pytest, which needs it itself

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"

# The table of docs/architecture.md, as data: layer -> the layers it may import beside itself. A folder is a layer.
LAYERS = {
    "_base": set(),
    "_secrets": {"_base"},
    "_scopes": {"_base", "_secrets"},
    "_planning": {"_base", "_scopes"},
    "_converge": {"_base", "_planning", "_scopes"},
    "_libvirt": {"_base"},
    "_packages": {"_base", "_scopes", "_store"},
    "_store": {"_base", "_scopes", "_planning"},
    "_transport": {"_base", "_scopes", "_packages", "_store"},
    "_twin": {"_base", "_libvirt"},
    "_image": {"_base", "_packages", "_scopes", "_twin"},
}
LAYERS["programs"] = set(LAYERS)
PROGRAMS = {"_harvest", "_apply", "_serve", "_reconcile", "_status"}
# Folders of plugins -> the folders whose code they may use. A module is copied to a machine that has no plugin_utils.
PLUGIN_LAYERS = {"doc_fragments": set(), "modules": {"module_utils"}, "plugin_utils": {"module_utils", "plugin_utils"}}
PLUGIN_LAYERS.update(dict.fromkeys(("action", "callback", "filter", "inventory"), {"module_utils", "plugin_utils"}))
COLLECTION = "ansible_collections.safetytwin.twin.plugins."
# Folders of scopes -> the other scopes whose code they may use.
SCOPES = {"accounts": set(), "containers": set(), "files": {"accounts", "packages"}, "hardware": set(), "load": {"hardware"}, "packages": set(),
          "processes": {"services"}, "services": {"files", "packages"}}
# Files that do no I/O: whole folders, and files by name.
PURE_FOLDERS = {"_planning", "_secrets"}
PURE = {"_base/access", "_base/patterns", "_base/reasons", "_scopes/checks", "_scopes/grammars", "_scopes/model", "_scopes/not_read", "_scopes/parts",
        "_scopes/registry", "_scopes/schema", "_scopes/state", "_twin/recovery"}
PURE_PARTS = {"affects", "fields", "payload", "policy", "readback", "readers", "steps"}
EFFECTS = {"asyncio", "glob", "grp", "pathlib", "pwd", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time"}
# Of os, what computes with names and asks nobody.
NAMES_ALONE = {"os", "os.path", "os.sep", "os.fsencode", "os.fsdecode"} | {
    "os.path." + function for function in ("basename", "commonpath", "dirname", "isabs", "join", "normpath", "split", "splitext")
}
ONLY_IN = {"subprocess": {"_base/run"}, "libvirt": {"_libvirt/client"}, "libvirt_qemu": {"_libvirt/client"}}
WITHOUT_LIMIT = {"_base/reasons", "_scopes/registry_parts"}
FILE_LINES, FUNCTION_LINES = 250, 40
HEADER = [
    "# Copyright (c) 2026 SafetyTwin contributors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
]
# Plugin kind -> what its files must document.
DOCUMENTED = {
    "modules": {"DOCUMENTATION", "EXAMPLES", "RETURN"},
    "callback": {"DOCUMENTATION"},
    "filter": {"DOCUMENTATION", "EXAMPLES", "RETURN"},
    "inventory": {"DOCUMENTATION", "EXAMPLES"},
}
TEXT = {".cfg", ".j2", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
FOREIGN = re.compile(r"(?<![\w.}/])/(?:work|opt/pypi[\w-]*)/|/tmp/(?:w|eng\d)/")


def name(path):
    """Of a file below module_utils, as the tables above have it: _scopes/services/collect."""
    return path.relative_to(UTILS).with_suffix("").as_posix()


def python_files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.relative_to(ROOT).as_posix())


@functools.lru_cache(maxsize=None)
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def layer(module):
    """The name of its folder below module_utils, or programs."""
    folder = module.partition("/")[0]
    return folder if folder != module else "programs" if module in PROGRAMS else "nowhere"


def scope_of(module):
    """The scope in whose folder a file lies, or None."""
    parts = module.split("/")
    return parts[1] if parts[0] == "_scopes" and len(parts) == 3 else None


def is_pure(module):
    return layer(module) in PURE_FOLDERS or module in PURE or (scope_of(module) is not None and module.rpartition("/")[2] in PURE_PARTS)


def imports(path):
    """Of a file: (names of outer packages, names of ours)."""
    outer, ours = set(), set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            outer |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            outer.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1]
            if node.module:
                base = base.joinpath(*node.module.split("."))
            targets = [base / alias.name for alias in node.names] if base.is_dir() else [base]
            ours |= {name(target.with_suffix(".py")) for target in targets}
    return outer, ours


UTIL_FILES = [path for path in python_files("plugins/module_utils") if path.name != "__init__.py"]
ROLES = sorted(path for path in (ROOT / "roles").glob("*") if path.is_dir())
PLUGIN_FILES = [path for path in python_files(*(f"plugins/{kind}" for kind in ("action", *DOCUMENTED))) if path.name != "__init__.py"]


@each(UTIL_FILES)
def test_imports_go_one_way(path):
    own = layer(name(path))
    assert own in LAYERS, f"{name(path)} has no layer: put it into a folder, or name it in PROGRAMS."
    allowed = LAYERS[own] | {own}
    wrong = {other for other in imports(path)[1] if not (UTILS / other).is_dir() and layer(other) not in allowed}
    assert not wrong, f"{name(path)} ({own}) may not import {sorted(wrong)}"
    scope = scope_of(name(path))
    others = {scope_of(other) for other in imports(path)[1]} - {None, scope} if scope else set()
    assert others <= SCOPES.get(scope, set()), f"the scope {scope} may not use {sorted(others - SCOPES.get(scope, set()))}"


@each(UTIL_FILES)
def test_our_directories_are_spelled_in_one_file(path):
    """All of it that a program reads: documentation and texts of other programs' files may name them."""
    texts = {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    spelled = {text for text in texts if re.match(r"/(var/lib|var/cache|run)/safetytwin", text)}
    assert name(path) == "_base/paths" or not spelled


def test_no_file_imports_itself_by_way_of_others():
    """Imports inside functions count, too. A circle of layers is an error even where their files form none."""
    graph = {name(path): imports(path)[1] for path in UTIL_FILES}
    list(graphlib.TopologicalSorter(graph).static_order())
    list(graphlib.TopologicalSorter(LAYERS).static_order())
    graph = {f"plugin_utils/{path.stem}": plugin_imports(path) for path in python_files("plugins/plugin_utils")}
    list(graphlib.TopologicalSorter(graph).static_order())


def plugin_imports(path):
    """Names of our files that a plugin imports, relative to plugins, such as module_utils/_base/errors."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: ansible-core finds what a plugin imports by its full name only"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = [each[len(COLLECTION):].replace(".", "/") for each in found if each.startswith(COLLECTION)]
    return {each if (PLUGINS / (each + ".py")).is_file() or (PLUGINS / each).is_dir() else each.rpartition("/")[0] for each in ours}


@each([path for path in python_files("plugins") if UTILS not in path.parents])
def test_plugins_import_only_utilities(path):
    """Never another plugin, and no utility imports a plugin: those of module_utils may import module_utils only."""
    used = plugin_imports(path)
    assert {other.partition("/")[0] for other in used} <= PLUGIN_LAYERS[path.parent.name], f"{path.name} may not import {sorted(used)}"
    assert all((PLUGINS / (other + ".py")).is_file() or (PLUGINS / other).is_dir() for other in used), sorted(used)


@each(sorted(path for path in UTILS.iterdir() if path.is_dir() and path.name != "__pycache__"))
def test_folders_are_layers_that_the_architecture_describes(path):
    assert path.name in LAYERS, f"{path.name} is no layer: name in LAYERS what it may import."
    described = re.search(rf"^### `plugins/module_utils/{path.name}/`: (.+)$", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert described, f"docs/architecture.md has no heading for {path.name}."


def test_package_files_are_empty():
    """ansible-core 2.16 demands it; docs/architecture.md says what belongs into a folder."""
    assert not [path for path in python_files("plugins") if path.name == "__init__.py" and path.stat().st_size]


@each(UTIL_FILES)
def test_managed_machines_need_only_python_and_psutil(path):
    allowed = set(sys.stdlib_module_names) | {"psutil", "libvirt", "libvirt_qemu"}
    outer = imports(path)[0]
    assert outer <= allowed, f"not on every managed machine: {sorted(outer - allowed)}"
    for package, files in ONLY_IN.items():
        assert package not in outer or name(path) in files, f"only {sorted(files)} may import {package}"


@each([path for path in UTIL_FILES if is_pure(name(path))])
def test_pure_files_touch_nothing(path):
    attributes = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    called = {node.func.id for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not imports(path)[0] & EFFECTS
    assert {used for used in attributes if used.startswith("os.")} <= NAMES_ALONE
    assert not called & {"open", "print", "input", "exec", "eval"}
    assert "_base/run" not in imports(path)[1]


@each(python_files("plugins"))
def test_files_and_functions_are_small(path):
    body = [node for node in tree(path).body if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))]
    lines = sum(node.end_lineno - node.lineno + 1 for node in body)
    excepted = UTILS in path.parents and name(path) in WITHOUT_LIMIT
    assert excepted or lines <= FILE_LINES, f"{lines} lines of code"
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]
    assert not long


@each(python_files("plugins", "tests", "bench", "molecule"))
def test_files_begin_alike(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#!")]
    assert lines[:3] == HEADER or (path.name == "__init__.py" and not lines)
    modules = [node for node in tree(path).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert not modules or ast.unparse(modules[0]) == "from __future__ import annotations"


@each(python_files("plugins"))
def test_no_error_is_swallowed(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            reraised = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            # In the engine, whatever an applier raises is the failure of its step; a deadline raises again in the thread that waits.
            kept = path in {UTILS / "_converge/engine.py", UTILS / "_libvirt/deadline.py"} and caught == "Exception"
            assert kept or caught not in {"everything", "Exception"}, f"line {node.lineno} catches {caught}"
            assert caught != "BaseException" or reraised, f"line {node.lineno} keeps what it catches"


def test_functions_are_annotated():
    """At least 95 in 100, with every parameter and what is returned."""
    functions = [
        (path, node) for path in python_files("plugins/module_utils", "plugins/plugin_utils") for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    bare = [f"{path.relative_to(PLUGINS)}: {node.name}" for path, node in functions if not is_annotated(node)]
    assert len(bare) <= len(functions) / 20, bare


def is_annotated(function):
    given = function.args
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return function.returns is not None and all(each.annotation or each.arg in ("self", "cls") for each in parameters)


def test_types_are_checked_strictly():
    """For every module of ours: nothing in the configuration takes back a part of it."""
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    overrides = mypy.pop("overrides")
    assert mypy["strict"] is True
    assert mypy.keys() <= {"strict", "python_version", "mypy_path", "cache_dir", "namespace_packages", "explicit_package_bases"}
    for override in overrides:
        assert override.keys() == {"module", "ignore_missing_imports"}
        assert not [module for module in override["module"] if module.startswith(("ansible_collections", "*"))]


@each(python_files("plugins/module_utils", "plugins/plugin_utils"))
def test_what_types_ignore_has_a_reason(path):
    """And names the one error that it ignores."""
    ignored = re.findall(r"# type: ignore.*", path.read_text(encoding="utf-8"))
    assert all(re.match(r"# type: ignore\[[a-z-]+\]  # \S", each) for each in ignored), ignored


@each([path for path in PLUGIN_FILES if path.parent.name in DOCUMENTED])
def test_plugins_are_documented(path):
    texts = {node.targets[0].id: node.value.value for node in tree(path).body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)}
    needed = DOCUMENTED[path.parent.name]
    assert needed <= texts.keys(), f"missing: {sorted(needed - texts.keys())}"
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    assert str(documentation["version_added"]) == "0.1.0"
    assert path.stem in (documentation.get("module"), documentation.get("name", "").rpartition(".")[2])


@each([path for path in PLUGIN_FILES if path.parent.name == "action"])
def test_actions_have_a_module_that_documents_them(path):
    assert (PLUGINS / "modules" / path.name).is_file()


@each(PLUGIN_FILES)
def test_plugins_have_a_test_of_their_name(path):
    target = ROOT / "tests/integration/targets" / path.stem
    assert target.is_dir() or list((ROOT / "tests").rglob(f"test_{path.stem}.py")), f"no tests/**/test_{path.stem}.py"


def unit_test_of(module):
    """Where the unit test of a utility file lies, from the name of the file as name() gives it."""
    folder, _slash, stem = module.rpartition("/")
    prefix = folder.rpartition("/")[2].lstrip("_") + "_" if folder else ""
    return pathlib.PurePath("tests/unit/plugins/module_utils", folder, f"test_{prefix}{stem}.py")


# Rows of the schema and the generated registry: what reads them is tested.
@each([path for path in UTIL_FILES if path.stem not in ("fields", "registry", "registry_parts")])
def test_utility_files_have_a_test_of_their_name(path):
    assert (ROOT / unit_test_of(name(path))).is_file(), f"no {unit_test_of(name(path))}"


@each(ROLES)
def test_roles_are_complete(path):
    for part in ("README.md", "defaults/main.yml", "meta/argument_specs.yml", "meta/main.yml"):
        assert (path / part).is_file(), f"role {path.name} has no {part}"
    specs = yaml.safe_load((path / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    options = {option for entry in specs.values() for option in entry.get("options", {})}
    defaults = yaml.safe_load((path / "defaults/main.yml").read_text(encoding="utf-8")) or {}
    assert defaults.keys() <= options, f"without a specification: {sorted(defaults.keys() - options)}"
    about = yaml.safe_load((path / "meta/main.yml").read_text(encoding="utf-8"))["galaxy_info"]
    required = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert about["description"] == specs["main"]["short_description"]
    assert f">={about['min_ansible_version']}.0" == required


@each(ROLES)
def test_roles_are_tested(path):
    """By their own name, or by that of a playbook that uses them."""
    playbooks = [book for book in (ROOT / "playbooks").glob("*.yml") if f"safetytwin.twin.{path.name}" in book.read_text(encoding="utf-8")]
    names = [path.name, *(book.stem for book in playbooks)]
    tests = [test.read_text(encoding="utf-8") for folder in ("tests/integration", "molecule") for test in (ROOT / folder).rglob("*.*y*")]
    assert any(f"safetytwin.twin.{known}" in text for known in names for text in tests)


def test_every_module_is_in_the_action_group():
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]["twin"]
    assert group == sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))


def test_generated_files_are_fresh():
    done = subprocess.run([ROOT / "tests/tools/generated"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tree_names_no_machine_of_its_authors():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout.decode("utf-8").split("\0")
    files = [ROOT / each for each in listed if each and pathlib.PurePath(each).suffix in TEXT]
    found = [str(path) for path in files if path.is_file() and FOREIGN.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert not found
