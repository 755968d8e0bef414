# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.reasons import DEGRADED, IMPOSSIBLE, REASONS, REPRODUCED, explain
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import model, registry, schema
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import migrate

ROOT = pathlib.Path(__file__).resolve().parents[5]
OLDEST = ROOT / "tests/unit/fixtures/state/format-1.json"


def test_every_field_has_a_known_lane_a_type_and_a_sentence():
    for scope in registry.SCHEMA.values():
        for fields in scope.kinds.values():
            for name, field in fields.items():
                assert field.lane in (model.DESIRED, model.TELEMETRY, model.IDENTITY), name
                assert field.type in ("str", "int", "bool", "list", "dict"), name
                assert field.doc.endswith(".") or field.doc.endswith("…"), name


def test_the_key_contains_the_kind_only_if_there_are_several():
    assert schema.kind_of("files", "/etc/a:b") == ""
    assert schema.kind_of("accounts", "user:a:b") == "user"
    assert schema.kind_of("hardware", "cpu") == "cpu"


def test_desired_leaves_out_other_lanes_and_what_is_not_set():
    item = {"driver": "e1000", "mtu": 0, "mac": "52:54:00:00:00:01"}
    assert schema.desired("hardware", "nic:eth0", item) == {"mtu": 0}
    assert schema.desired("services", "a.service", {"load": "loaded", "user": None, "main_pid": 1}) == {"load": "loaded"}


def test_every_reason_has_a_level_and_a_sentence_of_its_own():
    assert {reason.level for reason in REASONS.values()} == {REPRODUCED, DEGRADED, IMPOSSIBLE}
    assert len({reason.sentence for reason in REASONS.values()}) == len(REASONS)
    assert explain("needs_excluded: /etc/x") == "It depends on an item that was left out. (/etc/x)"


def test_documents_are_fresh():
    done = subprocess.run([sys.executable, "tests/tools/generate_schema.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_json_schema_takes_a_real_state_and_no_typing_error():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/state.schema.json").read_text(encoding="utf-8")))
    state = migrate(json.loads(OLDEST.read_text(encoding="ascii")), "The oldest state")
    assert not list(validator.iter_errors(state))
    state["scopes"]["files"]["items"]["/etc/nginx"]["mdoe"] = "0755"
    state["scopes"]["files"]["excluded"]["/etc/a"] = "because"
    state["scopes"]["accounts"]["items"]["usr:a"] = {}
    state["format"] = schema.FORMAT + 1
    assert len(list(validator.iter_errors(state))) == 4


def test_only_converged_scopes_can_be_chosen():
    schema.require_converged(["files", "services"])
    for name in ("containers", "nonsense"):
        with pytest.raises(TwinError, match=r"cannot be converged; there are: accounts, files,"):
            schema.require_converged(["files", name])
