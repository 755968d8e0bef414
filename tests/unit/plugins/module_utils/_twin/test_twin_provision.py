# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What provisioning decides before it does anything; that it does it is shown in tests/integration."""
from __future__ import annotations

import os

import pytest
import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import provision, survey, twindir
from ansible_collections.safetytwin.twin.plugins.modules import libvirt_twin, libvirt_twin_info

WISH = {"host": "web1", "twin": "twin-web1", "image": None, "machine_id": "m1", "directory": "/srv/twins"}


@pytest.mark.parametrize("option", ["image", "machine_id"])
def test_a_new_twin_needs_an_image_and_a_machine(option):
    desired = dict(WISH, image="/srv/image")
    desired[option] = None
    with pytest.raises(TwinError, match="web1 has no twin .*%s" % option):
        provision._image(desired)


def test_names_of_snapshots_after_a_wish():
    assert provision._names_after(["a"], {"name": "b", "state": "present"}) == ["a", "b"]
    assert provision._names_after(["a", "b"], {"name": "b", "state": "reverted"}) == ["a", "b"]
    assert provision._names_after(["a", "b"], {"name": "a", "state": "absent"}) == ["b"]


def test_what_diff_mode_shows():
    spec = {"name": "twin-web1", "memory": 2048, "vcpus": 2, "accel": "kvm", "machine": "q35", "network": "n", "mac": "m", "disk": "/d",
            "metadata": {"snapshots": [{"name": "a"}]}}
    shown = provision._shown(spec, "running")
    assert (shown["state"], shown["snapshots"], shown["memory"]) == ("running", ["a"], 2048)
    assert "disk" not in shown
    assert provision._shown(None, "absent") == {"state": "absent", "snapshots": []}


def test_an_acceleration_that_is_known_stays_until_another_is_asked_for():
    assert provision._acceleration({"accel": None}, "tcg", False) == {"accel": "tcg", "reason": "as the domain is defined"}


def state_and_count(conn):
    found = client.find_twin(conn, "twin-web1")
    return found["state"], found["touched"]


def test_a_start_and_a_stop_are_counted_before_they_happen(conn, monkeypatch):
    provision._bring(conn, "twin-web1", "running", 0)
    assert state_and_count(conn) == ("running", 6)
    provision._bring(conn, "twin-web1", "shutoff", 0)
    assert state_and_count(conn) == ("shutoff", 7)

    def killed(*_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "reach", killed)
    with pytest.raises(KeyboardInterrupt):
        provision._bring(conn, "twin-web1", "running", 0)
    assert state_and_count(conn) == ("shutoff", 8)


def test_a_changed_definition_is_counted(monkeypatch, spec):
    defined = []
    monkeypatch.setattr(provision, "_connection", lambda _conn, _desired, _twin, want: ([], want["metadata"]))
    monkeypatch.setattr(provision, "_ssh_config", lambda _want: [])
    monkeypatch.setattr(client, "define", lambda _conn, xml: defined.append(domain.read(xml)))
    options = {"memory": 128, "vcpus": None, "disk_rate": None, "disk_iops": 0, "machine": None, "network": None, "accel": None, "state": "present"}
    _want, _goal, steps = provision._presence(None, options, {"spec": spec, "state": "shutoff"}, {}, False)
    assert [step.description for step in steps] == ["change memory"]
    steps[0].act()
    assert defined[0]["metadata"] == dict(spec["metadata"], touched=6)


def test_ssh_config_is_written_where_it_differs(tmp_path):
    want = {"disk": str(tmp_path / "layer-0000.qcow2"), "name": "twin-web1", "metadata": {"address": "192.0.2.9"}}
    (step,) = provision._ssh_config(want)
    assert not list(tmp_path.iterdir())
    step.act()
    assert twindir.read(str(tmp_path / "ssh_config")) == twindir.ssh_config(str(tmp_path), "twin-web1", "192.0.2.9")
    assert provision._ssh_config(want) == []
    want["metadata"]["address"] = "192.0.2.10"
    assert [again.description for again in provision._ssh_config(want)] == ["write %s" % (tmp_path / "ssh_config")]


def test_removing_a_directory_that_may_not_be_removed_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    provision._remove_tree(str(tmp_path / "t"))
    assert not os.path.exists(tmp_path / "t")

    def denied(_path):
        raise PermissionError

    monkeypatch.setattr(provision.shutil, "rmtree", denied)
    with pytest.raises(TwinError, match="cannot be removed: run this as root"):
        provision._remove_tree("/srv/t")


def test_a_twin_is_returned_as_the_modules_document_it(conn):
    desired = dict.fromkeys(libvirt_twin.ARGUMENTS, None)
    facts = provision.provision(conn, dict(desired, host="web1", twin="twin-web1", state="present"), dry=True)
    returned = yaml.safe_load(libvirt_twin.RETURN)
    assert facts.keys() - returned.keys() == {"changed", "diff"}
    assert returned.keys() <= facts.keys()
    documented = yaml.safe_load(libvirt_twin_info.RETURN)["twins"]["contains"].keys()
    assert documented - {"layers", "bytes"} == survey.survey(conn)[0].keys()
