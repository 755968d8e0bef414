# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.readers import UnitReaders

RUNS = {"load": "loaded", "active": "active"}


def scopes(files=None, **units):
    return {"services": {"items": {name.replace("_", "."): item for name, item in units.items()}}, "files": {"items": files or {}}}


def test_only_units_that_should_run_and_do():
    readers = UnitReaders(
        scopes(a_service=RUNS, b_service=RUNS, c_service={"load": "loaded"}, d_mount=RUNS),
        scopes(a_service=RUNS, b_service={"load": "loaded", "active": "failed"}, c_service=RUNS, d_mount=RUNS),
    )
    assert list(readers.units) == ["a.service"]
    assert readers.named(["a.service", "b.service"]) == [("a.service", "restart")]


def test_what_a_unit_reads_on_either_side():
    want = dict(RUNS, fragment="/etc/a", environment_files=[{"path": "/etc/env", "optional": True}], package="shop", user="shop", can_reload=True)
    readers = UnitReaders(scopes(a_service=want), scopes(a_service=dict(RUNS, programs=["/usr/bin/old"], package="systemd")))
    assert {path: dict(units) for path, units in readers.paths.items()} == {path: {"a.service": "restart"} for path in ("/etc/a", "/etc/env", "/usr/bin/old")}
    assert dict(readers.packages) == {"shop": {"a.service": "reload"}}, "a package of many daemons tells nothing"
    assert dict(readers.users) == {"shop": {"a.service": "restart"}}


def test_services_behind_a_socket():
    socket = dict(RUNS, relations={"triggers": ["other.service", "gone.service"]})
    both = scopes(web_socket=RUNS, web_service=RUNS, x_socket=socket, other_service=RUNS)
    readers = UnitReaders(both, both)
    assert readers.behind("web.socket") == ["web.service"]
    assert readers.behind("x.socket") == ["other.service"]


def test_states_without_services():
    assert UnitReaders({}, {}).units == {}
