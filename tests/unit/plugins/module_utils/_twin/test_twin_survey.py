# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import subprocess

import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import domain
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import layers, survey
from ansible_collections.safetytwin.twin.plugins.modules import libvirt_twin_info

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "libvirt"


def test_a_portrait_has_the_fields_that_the_modules_document():
    spec = domain.read((FIXTURES / "domain_format1.xml").read_text())
    twin = {"domain": spec["name"], "uuid": spec["uuid"], "state": "shutoff", "port": 62022, "directory": "/d", "address": "10.62.22.9", "spec": spec,
            "metadata": spec["metadata"]}
    portrait = survey.portrait(None, twin)
    documented = yaml.safe_load(libvirt_twin_info.RETURN)["twins"]["contains"]
    assert set(portrait) == set(documented) - {"layers", "bytes"}, "twin_info returns the same without what the module adds"
    assert (portrait["twin"], portrait["host"], portrait["follows"], portrait["address_source"]) == ("twin-web1", "web1", True, "fixed")


def test_layers_with_their_parents_and_sizes_on_disk(tmp_path):
    base = tmp_path / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(base), "1M"], check=True)
    for number, below in ((0, base), (1, tmp_path / "layer-0000.qcow2")):
        layers.create(str(tmp_path / ("layer-%04d.qcow2" % number)), str(below))
    found = survey.disk_layers(str(tmp_path))
    assert [(row["file"], row["parent"]) for row in found] == [("layer-0000.qcow2", None), ("layer-0001.qcow2", "layer-0000.qcow2")]
    assert all(0 < row["bytes"] < 1 << 20 for row in found)


def test_a_directory_that_cannot_be_read_has_no_layers(tmp_path):
    assert survey.disk_layers(str(tmp_path / "absent")) == []
    (tmp_path / "empty").mkdir()
    assert survey.disk_layers(str(tmp_path / "empty")) == []


def test_twins_are_flat_values(monkeypatch):
    spec = {"mac": "m", "network": "n", "memory": 1, "vcpus": 2, "accel": "kvm", "machine": "q35", "disk": "/t/x", "name": "twin-x"}
    metadata = {"machine_id": "i", "image": "d", "revision": 3, "host_key": "k", "touched": 0, "snapshots": []}
    twins = [
        {"domain": "twin-" + host, "uuid": "u", "state": "shutoff", "port": 62022, "directory": "/t", "address": "192.0.2.9", "spec": spec, **ids,
         "metadata": dict(metadata, **ids)}
        for host in ("x", "y") for ids in [{"twin": "twin-" + host, "host": host, "follows": True}]
    ]
    monkeypatch.setattr(survey.client, "twins", lambda _conn, host=None: [twin for twin in twins if host in (None, twin["host"])])
    assert [row["host"] for row in survey.survey(None)] == ["x", "y"]
    (row,) = survey.survey(None, host="y")
    assert (row["domain"], row["address"], row["address_source"], row["revision"], row["memory"]) == ("twin-y", "192.0.2.9", "fixed", 3, 1)
    assert "disk" not in row
