# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.patterns import matches_any
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.policy import POLICY

UNIT = {"load": "loaded", "active": "active"}


def adjust(key, item, excluded=()):
    host = {"files": {"status": "ok", "note": "", "items": {}, "excluded": dict.fromkeys(excluded, "secret_excluded")}}
    return POLICY.adjust(key, item, host, {"substrate": {}, "caps": {}, "self_host": False})


@pytest.mark.parametrize(("key", "reason"), [
    ("getty@tty1.service", "identity"), ("srv.mount", "identity"), ("supervisor:web", "not_converged"), ("snap:lxd.daemon", "not_converged"),
])
def test_units_of_the_machine_and_of_others_do_not_come(key, reason):
    assert adjust(key, UNIT) == (None, reason)


def test_a_unit_whose_condition_fails_is_installed_and_not_started():
    assert adjust("a.service", {"load": "loaded", "active": "inactive", "condition": False}) == ({"load": "loaded", "condition": False}, "condition_differs")
    assert adjust("a.service", dict(UNIT, condition=False))[1] is None


def test_a_unit_that_needs_an_excluded_path_is_not_started():
    item = dict(UNIT, environment_files=[{"path": "/etc/shop/env", "optional": False}])
    assert adjust("a.service", item, ["/etc/shop"]) == ({name: item[name] for name in ("load", "environment_files")}, "needs_excluded: /etc/shop/env")
    assert adjust("a.service", dict(UNIT, programs=["/opt/x/run"]), ["/opt/x/run"])[1] == "needs_excluded: /opt/x/run"
    optional = dict(UNIT, environment_files=[{"path": "/etc/shop/env", "optional": True}])
    assert adjust("a.service", optional, ["/etc/shop/env"]) == (optional, None)


def test_units_of_the_twins_own_packages_stay():
    assert POLICY.stays("a.service", {"package": "cloud-init"}, frozenset({"cloud-init"}))
    assert POLICY.stays("a.service", {"fragment": "/run/systemd/generator.late/a.service"}, frozenset())
    assert POLICY.stays("boot.mount", {}, frozenset())
    assert not POLICY.stays("a.service", {"fragment": "/etc/systemd/system/a.service"}, frozenset())


def test_a_condition_that_does_not_hold_in_the_twin_explains():
    assert POLICY.explains(UNIT, {"condition": False}, ("active",)) == "condition_differs"
    assert POLICY.explains(UNIT, {"condition": True}, ("active",)) is None
    assert POLICY.explains(UNIT, {"condition": False}, ("active", "digest")) is None
    assert POLICY.explains(UNIT, None, ("active",)) is None


def test_patterns():
    assert matches_any(POLICY.substrate, "qemu-guest-agent.service")
    assert matches_any(POLICY.machinery, "virtqemud-ro.socket")
    for unit in ("nginx.service", "virtuoso.service", "ssh.service"):
        assert not matches_any(POLICY.substrate + POLICY.machinery, unit)


def test_an_address_of_the_host_is_not_asked_for():
    item = dict(UNIT, listens=["tcp 0.0.0.0:80"], listens_at=["tcp 10.0.0.5:53", "udp 10.0.0.5:53"])
    assert adjust("a.service", item) == (dict(UNIT, listens=["tcp 0.0.0.0:80"]), "address_absent: tcp 10.0.0.5:53, udp 10.0.0.5:53")
    unable = dict(item, programs=["/opt/x/run"])
    assert adjust("a.service", unable, ["/opt/x/run"]) == ({"load": "loaded", "programs": ["/opt/x/run"]}, "needs_excluded: /opt/x/run")


def test_a_unit_that_listens_elsewhere_and_nothing_else_is_explained_by_that():
    item, have = dict(UNIT, listens=["tcp 0.0.0.0:80", "tcp 0.0.0.0:81"]), dict(UNIT, listens=[])
    assert POLICY.explains(item, have, ("listens",)) == "listens_differ: on the host tcp 0.0.0.0:80, tcp 0.0.0.0:81, in the twin nowhere"
    assert POLICY.explains(item, UNIT, ("listens",)) is None, "where the twin does not know, nothing is said"
    assert POLICY.explains(item, have, ("digest", "listens")) is None
