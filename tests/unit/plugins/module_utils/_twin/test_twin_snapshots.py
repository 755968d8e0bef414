# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps a desired about a snapshot takes, on real layers; that they are taken is shown in tests/integration."""
from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import layers, snapshots


@pytest.fixture
def twin(tmp_path):
    """A stopped twin of two layers, the lower of which is the snapshot `before`."""
    base = tmp_path / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(base), "1M"], check=True)
    layers.create(str(tmp_path / "layer-0000.qcow2"), str(base))
    layers.create(str(tmp_path / "layer-0001.qcow2"), str(tmp_path / "layer-0000.qcow2"))
    named = [{"name": "before", "file": "layer-0000.qcow2", "consistency": "stopped", "number": 1}]
    return {
        "twin": "twin-x", "domain": "twin-x", "directory": str(tmp_path), "state": "shutoff", "metadata": {"host": "x", "snapshots": named},
        "spec": {"disk": str(tmp_path / "layer-0001.qcow2")},
    }


def says(twin, state, name):
    return [step.description for step in snapshots.plan(None, twin, {"name": name, "state": state})]


def test_a_snapshot_is_taken_once(twin):
    assert says(twin, "present", "after") == ["take the snapshot after"]
    assert says(twin, "present", "before") == []
    with pytest.raises(TwinError, match="snapshot name"):
        says(twin, "present", "a\nb")


def test_forgetting_a_snapshot_frees_its_layer(twin):
    assert says(twin, "absent", "before") == ["forget the snapshot before", "free 1 disk layer"]
    assert says(twin, "absent", "never") == []


def test_reverting_needs_the_snapshot_and_its_layer_and_nothing_where_nothing_was_written(twin):
    assert says(twin, "reverted", "before") == [], "nothing was written since"
    assert says(dict(twin, state="running"), "reverted", "before") == ["revert to the snapshot before", "free 1 disk layer"]
    with pytest.raises(TwinError, match="has no snapshot never; it has: before"):
        says(twin, "reverted", "never")
    twin["metadata"]["snapshots"][0]["file"] = "layer-0009.qcow2"
    with pytest.raises(TwinError, match="layer-0009.qcow2 of snapshot before is gone from %s" % twin["directory"]):
        says(twin, "reverted", "before")


def test_a_revert_is_counted(twin, spec, monkeypatch):
    done = []
    monkeypatch.setattr(client, "lookup", lambda _conn, name: name)
    monkeypatch.setattr(client, "reach", lambda _conn, _dom, goal: done.append(goal))
    monkeypatch.setattr(client, "define", lambda _conn, xml: done.append(domain.read(xml)))
    path = os.path.join(twin["directory"], "layer-0002.qcow2")
    snapshots._revert(None, dict(twin, state="running", spec=spec), twin["metadata"]["snapshots"][0], path)
    assert (done[0], done[2]) == ("shutoff", "running")
    assert (done[1]["disk"], done[1]["metadata"]["touched"], done[1]["metadata"]["snapshots"]) == (path, 6, twin["metadata"]["snapshots"])


def test_layers_that_nothing_needs_are_removed(twin):
    os.link(twin["spec"]["disk"], os.path.join(twin["directory"], "layer-0002.qcow2"))
    assert says(twin, "absent", "never") == ["free 1 disk layer"]


def test_a_twin_that_does_not_exist_yet():
    assert [step.description for step in snapshots.plan_new({"name": "first", "state": "present"})] == ["take the snapshot first"]
    assert snapshots.plan_new({"name": "first", "state": "absent"}) == []
    with pytest.raises(TwinError, match="has no snapshot first to revert to"):
        snapshots.plan_new({"name": "first", "state": "reverted"})
