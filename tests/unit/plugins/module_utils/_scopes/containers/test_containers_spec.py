# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.containers import spec

ANSWER = {"Id": "ab" * 32, "Name": "/web", "Image": "sha256:aa", "State": {}, "HostConfig": {}, "Config": {"Image": "img"}}


def specification(host=None, config=None, **more):
    answer = dict(ANSWER, HostConfig=host or {}, Config=dict(ANSWER["Config"], **(config or {})), **more)
    return spec.container(answer, {})["spec"]


def test_default_values_are_left_out():
    assert specification({"Memory": 0, "NetworkMode": "default", "ShmSize": 67108864, "PidsLimit": -1}) == {
        "image": {"name": "img", "id": "sha256:aa", "digests": []},
    }


@pytest.mark.parametrize(("policy", "shown"), [
    ({"Name": "no"}, None), ({"Name": "always", "MaximumRetryCount": 0}, "always"), ({"Name": "on-failure", "MaximumRetryCount": 3}, "on-failure:3"),
])
def test_restart_policies(policy, shown):
    assert specification({"RestartPolicy": policy}).get("restart") == shown


def test_a_short_id_is_no_hostname():
    assert "hostname" not in specification(config={"Hostname": "abababababab"})
    assert specification(config={"Hostname": "web1"})["hostname"] == "web1"


def test_an_empty_port_is_the_engines_choice():
    bindings = {"443/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}], "80/tcp": None}
    assert specification({"PortBindings": bindings})["ports"] == [{"container": "443/tcp", "address": "127.0.0.1"}]


def test_passwords_of_volumes_and_shells_are_left_out():
    shown = spec.volume({"Driver": "local", "Options": {"o": "password=Lato-2030-sucho", "type": "cifs"}})
    assert shown == {"spec": {"driver": "local", "options": {"o": "password=[redacted]", "type": "cifs"}}}
    health = specification(config={"Healthcheck": {"Test": ["CMD-SHELL", "curl --password Lato-2030-sucho x"]}})["healthcheck"]
    assert health["Test"] == ["CMD-SHELL", "curl --password [redacted] x"]
