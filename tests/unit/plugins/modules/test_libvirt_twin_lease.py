# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module does around provisioning: it alone holds the twin from the decision to the effect, except in check mode."""
from __future__ import annotations

import contextlib
import functools
import json

import pytest
from ansible.module_utils import basic

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy
from ansible_collections.safetytwin.twin.plugins.module_utils._store.layout import MACHINES, twin_key
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store
from ansible_collections.safetytwin.twin.plugins.modules import libvirt_twin


@pytest.fixture(name="run")
def _run(tmp_path, monkeypatch, capsys):
    """A function that runs the module with options and returns (its result, whether each twin was held while it provisioned)."""
    place = functools.partial(open_store, str(tmp_path / "lib"), str(tmp_path / "run"))
    held = {}

    def provision(_connection, wish, dry):
        for twin_id in ("twin-web1", "rehearsal"):
            held[twin_id] = _is_held(place, twin_key(twin_id))
        held["machines"] = _is_held(place, MACHINES)
        return {"changed": not dry, "wish": wish["twin"]}

    monkeypatch.setattr(libvirt_twin, "open_store", place)
    monkeypatch.setattr(libvirt_twin, "provision", provision)
    monkeypatch.setattr(libvirt_twin, "LEASE_SECONDS", 0)
    monkeypatch.setattr(libvirt_twin, "MACHINES_SECONDS", 0)
    monkeypatch.setattr(libvirt_twin.claims, "shared", lambda _connection, wish: wish["state"] == "absent")
    monkeypatch.setattr(libvirt_twin.client, "connect", lambda _uri: contextlib.nullcontext())
    monkeypatch.setattr(libvirt_twin.client, "libvirt", object())
    monkeypatch.setattr(libvirt_twin.os, "geteuid", lambda: 0)

    def run(**options):
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            libvirt_twin.main()
        return json.loads(capsys.readouterr().out), held

    run.place = place
    return run


def _is_held(place, key):
    try:
        with place(look=True) as store, store.lease(key, key):
            return False
    except Busy:
        return True


@pytest.mark.parametrize(("options", "held"), [
    ({}, {"twin-web1": True, "rehearsal": False, "machines": False}), ({"twin": "rehearsal"}, {"twin-web1": False, "rehearsal": True, "machines": False}),
    ({"state": "absent"}, {"twin-web1": True, "rehearsal": False, "machines": True}),
    ({"_ansible_check_mode": True}, {"twin-web1": False, "rehearsal": False, "machines": False}),
])
def test_the_twin_is_held_while_it_is_provisioned(run, options, held):
    assert run(host="web1", **options)[1] == held


def test_a_twin_that_is_held_gives_a_sentence(run):
    with run.place(look=True) as store, store.lease(twin_key("twin-web1"), "twin-web1"):
        result, held = run(host="web1")
        assert result["failed"] and "Another sync of twin-web1 is running" in result["msg"] and not held
        assert run(host="web1", twin="rehearsal")[0]["wish"] == "rehearsal"


def test_a_misspelt_id_is_a_sentence(run):
    assert "is no twin id" in run(host="web1", twin="../x")[0]["msg"]
