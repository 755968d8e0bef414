# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which the program of a twin goes; its parts have tests of their own, and a whole one is in tests/integration/apply."""
from __future__ import annotations

import functools
import io
import json
import tarfile

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils import _apply
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused


def request(*members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in (("request.json", json.dumps({"uuid": "u", "host": "web1", "plan": {"steps": []}}).encode()), *members):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


@pytest.fixture
def spool(tmp_path, monkeypatch):
    """Where a request is unpacked, elsewhere than in a twin."""
    original = _apply.spooled
    monkeypatch.setattr(_apply, "spooled", lambda tar: original(tar, str(tmp_path / "in")))
    monkeypatch.setattr(_apply.guard, "exclusive", functools.partial(_apply.guard.exclusive, str(tmp_path / "lock")))
    return tmp_path / "in"


def test_nothing_is_written_on_a_machine_that_is_no_twin(spool):
    with pytest.raises(Refused, match="Nothing was changed"):
        _apply.apply(request(("blobs/" + "0" * 64, b"x")))
    assert not spool.exists()


def test_an_empty_plan_on_a_proven_twin_reads_nothing_back(spool, monkeypatch):
    proven = []
    monkeypatch.setattr(_apply.guard, "prove", proven.append)
    reply = _apply.apply(request())
    assert (reply["results"], reply["read"], reply["scopes"]) == ([], {}, {})
    assert "readback" in reply["seconds"]
    assert proven[0]["host"] == "web1"
