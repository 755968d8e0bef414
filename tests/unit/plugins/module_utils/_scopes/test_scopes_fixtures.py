# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file fixtures/scopes/SCOPE/CASE.json is a test of one of the scope's parsers.

A case has these members:

    why        a sentence: what the case shows
    parser     FILE.FUNCTION below _scopes/SCOPE, or a list of them, each of which is given what the one before it returned

What the first parser is given, one of these or none:

    text       lines, joined by newlines, as str
    bytes      the same as bytes; a byte that is not UTF-8 is written as its surrogate escape
    tree       the entries of a machine's file tree (see Machine): the parser is given a Context of it, with the members of `context`
    arguments  more arguments of the last parser

What must come of it, one of these:

    expected   exactly this value; named tuples are objects, tuples and sets are lists, the latter sorted
    items      exactly these keys; of each item the fields named, where null means absent. Fields that the schema does not have fail.
               `kind` names the kind of items whose keys the parser returns without it
    error      a pattern that is found in the sentence of the refusal

A collector returns the body of a scope; the case then also says `excluded`, `note` and `status` where they are not {}, "" and ok.
"""
from __future__ import annotations

import hashlib
import importlib
import json
import os
import pathlib
import re
import stat

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import raw
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.checks import check_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA, TELEMETRY
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import fields_of

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "scopes"
SCOPES = "ansible_collections.safetytwin.twin.plugins.module_utils._scopes"
CASES = sorted(FIXTURES.glob("*/*.json"))
INPUTS = {"text", "bytes", "tree"}
OUTPUTS = {"expected", "items", "error"}
MEMBERS = {"why", "parser", "arguments", "context", "kind", "excluded", "note", "status"} | INPUTS | OUTPUTS
BODY = {"excluded": {}, "note": "", "status": "ok"}
DPKG = "/var/lib/dpkg/info/"


class Machine:
    """Makes the file tree of a case.

    An entry has `path`, `type` (dir, file, link, fifo or socket), `mode` in octal, and of a file its `content` as lines or its `bytes` in hexadecimal,
    or its `size` alone (holes); of a link its `target`. `package` makes it a path of that package, `packaged` (lines) is the content that the package
    brought. Directories above an entry are made as needed.
    """

    def __init__(self, root):
        self.root = str(root)

    def add(self, entry):
        place = raw(self.root + entry["path"])
        os.makedirs(os.path.dirname(place), exist_ok=True)
        getattr(self, "_" + entry["type"])(place, entry)
        if "mode" in entry:
            os.chmod(place, int(entry["mode"], 8))
        if "package" in entry:
            self._append(DPKG + entry["package"] + ".list", entry["path"] + "\n")
        if "packaged" in entry:
            summed = "%s  %s\n" % (hashlib.md5(lines(entry["packaged"])).hexdigest(), entry["path"].lstrip("/"))
            self._append(DPKG + entry["package"] + ".md5sums", summed)

    def _append(self, path, more):
        os.makedirs(self.root + DPKG, exist_ok=True)
        with open(self.root + path, "ab") as stream:
            stream.write(raw(more))

    def _dir(self, place, _entry):
        os.makedirs(place, exist_ok=True)

    def _file(self, place, entry):
        with open(place, "wb") as stream:
            stream.write(bytes.fromhex(entry["bytes"]) if "bytes" in entry else lines(entry.get("content", [])))
            stream.truncate(entry.get("size"))
        os.chmod(place, 0o644)

    def _link(self, place, entry):
        os.symlink(raw(entry["target"]), place)

    def _fifo(self, place, _entry):
        os.mkfifo(place)

    def _socket(self, place, _entry):
        os.mknod(place, stat.S_IFSOCK | 0o600)


def lines(content):
    """The bytes of a file of these lines."""
    return raw("".join(line + "\n" for line in content))


def function(scope, name):
    file, _dot, wanted = name.rpartition(".")
    return getattr(importlib.import_module(f"{SCOPES}.{scope}.{file}"), wanted)


def given(case, root):
    """The arguments of the first parser that the input of a case makes."""
    if "text" in case:
        return ["\n".join(case["text"])]
    if "bytes" in case:
        return [raw("\n".join(case["bytes"]))]
    if "tree" in case:
        machine = Machine(root)
        for entry in case["tree"]:
            machine.add(entry)
        return [Context(root=str(root), **case.get("context", {}))]
    return []


def parse(case, scope, root):
    """What the parsers of a case make of its input."""
    *first, last = [case["parser"]] if isinstance(case["parser"], str) else case["parser"]
    arguments = given(case, root)
    for name in first:
        arguments = [function(scope, name)(*arguments)]
    return function(scope, last)(*arguments, *case.get("arguments", []))


def plain(value):
    """A value as JSON has it."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(inner) for inner in value)
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def check_items(items, case, scope):
    assert sorted(items) == sorted(case["items"])
    for key, expected in case["items"].items():
        assert {name: plain(items[key].get(name)) for name in expected} == expected, key
        known = fields_of(scope, f"{case['kind']}:{key}" if "kind" in case else key)
        assert set(items[key]) <= set(known), "fields that the schema does not know"
        assert set(expected) <= set(known), "the case names fields that the schema does not know"
        broken = {name: check_of(known[name].shape)(value) for name, value in plain(items[key]).items() if value is not None}
        assert not any(broken.values()), "what a collector makes keeps the rules of the schema"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path, tmp_path):
    case, scope = json.loads(path.read_text(encoding="utf-8")), path.parent.name
    assert set(case) <= MEMBERS
    assert case["why"].endswith(".")
    assert len(set(case) & INPUTS) <= 1
    assert len(set(case) & OUTPUTS) == 1
    if "error" in case:
        with pytest.raises(TwinError, match=case["error"]):
            parse(case, scope, tmp_path)
        return
    found = parse(case, scope, tmp_path)
    if "expected" in case:
        assert plain(found) == case["expected"]
    elif "status" in found:
        check_items(found["items"], case, scope)
        assert {name: found[name] for name in BODY} == {name: case.get(name, usual) for name, usual in BODY.items()}
    else:
        check_items(found, case, scope)


def test_every_scope_has_cases_and_every_case_a_scope():
    assert {path.name for path in FIXTURES.iterdir()} == set(SCHEMA) | set(TELEMETRY)


@pytest.mark.parametrize("scope", sorted({*SCHEMA, *TELEMETRY}))
def test_every_scope_has_a_case_of_nothing_and_one_of_broken_input(scope):
    kinds = {path.stem.rpartition("_")[2] for path in CASES if path.parent.name == scope}
    assert kinds >= {"noop", "broken"}


def test_a_case_knows_no_field_that_the_schema_does_not_know():
    """The check itself: a field too many, in the answer or in the case, fails."""
    case = {"items": {"group:adm": {"gid": 4}}}
    check_items({"group:adm": {"gid": 4, "members": []}}, case, "accounts")
    with pytest.raises(AssertionError, match=re.escape("schema does not know")):
        check_items({"group:adm": {"gid": 4, "colour": "red"}}, case, "accounts")
    with pytest.raises(AssertionError, match=re.escape("schema does not know")):
        check_items({"group:adm": {"gid": 4}}, {"items": {"group:adm": {"gid": 4, "colour": None}}}, "accounts")
