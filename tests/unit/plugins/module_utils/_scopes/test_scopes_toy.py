# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scope is one folder and one registry row: a new one, written into a copy of the package, works from collector to readback.

The toy scope `notes` are the lines of a file, one item each. Nothing but its folder is added, and the registry is generated.
"""
from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[5]
HEAD = "from __future__ import annotations\n"
PARTS = {
    "__init__": "",
    "fields": """
        from ..grammars import NAME, text
        from ..model import Scope, desired
        SCOPE = Scope("Lines of a file.", True, {"": {"text": desired(text(80), "What the line says.")}}, builds_on=("files",), keys={"": NAME}, most=9)
    """,
    "collect": """
        import os
        from ..context import result
        PATH = os.environ["NOTES"]
        def collect(context):
            with open(PATH, encoding="ascii") as stream:
                rows = dict(line.rstrip("\\n").split("=", 1) for line in stream)
            return result(context.wanted({name: {"text": text} for name, text in rows.items()}))
    """,
    "policy": """
        from ..parts import Policy
        POLICY = Policy(substrate=("twin-*",))
    """,
    "steps": """
        from ..parts import Order, Planner, step_of, why
        def steps(context):
            return [step_of(change, "notes.write", "ensure", why(change)) for change in context.changes if change.scope == "notes"]
        STEPS = Planner({"notes.write": Order(after=("files.place",), before=("services.run",))}, steps)
    """,
    "apply": """
        from ..step_result import CHANGED
        from .collect import PATH, collect
        from ..context import Context
        def write(steps, _spool):
            rows = {key: item["text"] for key, item in collect(Context())["items"].items()}
            for step in steps:
                rows.pop(step["key"], None)
                if step["want"]:
                    rows[step["key"]] = step["want"]["text"]
            with open(PATH, "w", encoding="ascii") as stream:
                stream.writelines("%s=%s\\n" % row for row in sorted(rows.items()))
            return {step["id"]: CHANGED for step in steps}
        APPLIERS = {"write": write}
    """,
}
WALK = """
import json, sys
from safetytwin import _harvest
from safetytwin._scopes.reading import readback
from safetytwin._converge.engine import converge
from safetytwin._converge.readback_scope import touched
from safetytwin._planning import reconcile_plan, summary
from safetytwin._transport.payload import read_back

host = json.load(sys.stdin)
options = {"drift": "correct", "scopes": None, "vcpus": 1, "memory_mib": 512, "self_host": False, "retry": False}

def twin():
    scopes = _harvest.harvest({"role": "twin", "scopes": ["notes"]})["scopes"]
    return {"uuid": "u", "boot_id": "b", "scopes": scopes, "substrate": {}, "given_up": {}}

actual = twin()
plan = reconcile_plan.reconcile(options, {"notes": host}, actual)
results, _seconds = converge(plan.steps, None)
keys = touched(plan.steps)
after = read_back(actual["scopes"], {"read": keys, "scopes": readback(keys)})
done = reconcile_plan.outcome(plan, {"files": {}, "reasons": {}}, results, after)
again = reconcile_plan.reconcile(options, {"notes": host}, twin())
print(json.dumps({
    "shown": summary.shown(plan.steps, 9), "failures": summary.sentences(done.failures), "read": keys, "after": after["notes"]["items"],
    "fidelity": reconcile_plan.verdict(plan, done.failures, after)["scopes"], "again": again.steps,
}))
"""


@pytest.fixture(name="package")
def fixture_package(tmp_path):
    """A copy of the package and of the generator, with the folder of the toy scope added."""
    shutil.copytree(ROOT / "plugins/module_utils", tmp_path / "plugins/module_utils", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests/tools").mkdir(parents=True)
    shutil.copy(ROOT / "tests/tools/registry.py", tmp_path / "tests/tools/registry.py")
    folder = tmp_path / "plugins/module_utils/_scopes/notes"
    folder.mkdir()
    for name, text in PARTS.items():
        (folder / (name + ".py")).write_text(HEAD + textwrap.dedent(text), encoding="ascii")
    subprocess.run([sys.executable, str(tmp_path / "tests/tools/registry.py")], check=True, timeout=60)
    (tmp_path / "safetytwin").symlink_to(tmp_path / "plugins/module_utils")
    return tmp_path


def test_a_scope_needs_only_its_folder(package):
    notes = package / "notes"
    notes.write_text("keep=same\nold=gone\nother=before\ntwin-own=mine\n", encoding="ascii")
    items = {"keep": {"text": "same"}, "other": {"text": "after"}, "new": {"text": "here"}}
    host = {"status": "ok", "note": "", "items": items, "excluded": {}}
    done = subprocess.run(
        [sys.executable, "-c", WALK], input=json.dumps(host), env={"PYTHONPATH": str(package), "NOTES": str(notes)}, capture_output=True, text=True,
        check=False, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(step["key"], step["because"]) for step in found["shown"]] == [
        ("new", "the twin does not have it"), ("old", "the host does not have it"), ("other", "text differs"),
    ]
    assert found["failures"] == [] and found["again"] == []
    assert found["read"] == {"notes": ["new", "old", "other"]}
    assert notes.read_text(encoding="ascii") == "keep=same\nnew=here\nother=after\ntwin-own=mine\n"
    assert found["after"] == {**items, "twin-own": {"text": "mine"}}
    assert found["fidelity"] == {"notes": {"items": 3, "reproduced": 3, "degraded": 0, "impossible": 0}}


def test_the_steps_of_a_new_scope_are_ordered_by_its_planner(package):
    code = """
from safetytwin._planning import graph
from safetytwin._scopes.registry import SCHEMA
from safetytwin._scopes.registry_parts import planners
orders = {name: order for planner in planners().values() for name, order in planner.batches.items()}
after = graph.after_of(orders)
assert after["notes.write"] == {"files.place"} and "notes.write" in after["services.run"]
assert list(SCHEMA).index("files") < list(SCHEMA).index("notes")
"""
    environment = {"PYTHONPATH": str(package), "NOTES": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
