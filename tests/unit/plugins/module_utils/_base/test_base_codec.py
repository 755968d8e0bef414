# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base import codec


@given(st.binary())
def test_every_byte_string_survives(name):
    assert codec.raw(codec.text(name)) == name


@given(st.binary(), st.binary())
def test_different_names_stay_different_after_conversion(one, other):
    shown = [json.dumps(codec.outward(codec.text(name))) for name in (one, other)]
    assert (shown[0] == shown[1]) == (one == other)


def test_outward_converts_every_depth_and_every_key():
    odd = codec.text(b"caf\xe9")
    shown = codec.outward({"paths": [odd, ("fine", odd)], odd: 1, "n": None})
    assert shown == {
        "paths": [{"b64": "Y2Fm6Q=="}, ["fine", {"b64": "Y2Fm6Q=="}]], "b64:Y2Fm6Q==": 1, "n": None,
    }
    json.dumps(shown).encode("utf-8")


def test_dumps_is_canonical_ascii():
    assert codec.dumps({"b": "ż", "a": [1, "\udce9"]}) == '{"a":[1,"\\udce9"],"b":"\\u017c"}'


def test_the_digest_of_a_document_depends_on_types_and_not_on_order():
    assert codec.digest({"a": 1, "b": 2}) == codec.digest({"b": 2, "a": 1})
    assert codec.digest({"a": 1}) != codec.digest({"a": "1"})
    assert codec.digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_write_atomic_replaces_the_file_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    codec.write_atomic(str(path), b"new", 0o640)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["state.json"]


def test_write_atomic_keeps_the_old_file_if_it_fails(tmp_path):
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        codec.write_atomic(str(path), "text is not bytes")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state.json"]
