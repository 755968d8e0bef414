# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays what fuzzing found and kept: a line of tests/unit/fixtures/fuzz/TARGET.txt is one input in base64."""
from __future__ import annotations

import base64
import pathlib

import fuzz_targets
import pytest

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures" / "fuzz"


@pytest.mark.hostile
@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_inputs_that_fuzzing_kept_have_no_effect(target):
    inputs = (FIXTURES / (target + ".txt")).read_text(encoding="ascii").split()
    assert len(inputs) >= 100
    for line in inputs:
        fuzz_targets.TARGETS[target](base64.b64decode(line))


@pytest.mark.hostile
@pytest.mark.parametrize(("target", "data"), [
    ("door", b'w{"format": 2, "machine": 1}'),
    ("reply", b"rbash: python6y\x08\x00nd\n"),
    ("reply", b'a{"error": "\\u001b]0;x\\u0007", "kind": "error"}'),
    ("reply", b'a{"error": "", "kind": "system"}'),
], ids=["a machine of another type", "control characters", "an error with an escape", "an error without a word"])
def test_inputs_that_fuzzing_found_first(target, data):
    fuzz_targets.TARGETS[target](data)


@pytest.mark.hostile
def test_a_whole_scope_with_removed_keys_of_another_type_is_checked():
    """The check of a whole scope does not look at `removed`, so nothing may read it."""
    reply = fuzz_targets.real_reply()
    for body in reply["scopes"].values():
        body["removed"] = [{}, []]
    assert fuzz_targets.parse_harvest(reply, None, None, "web1")["violations"] == []
