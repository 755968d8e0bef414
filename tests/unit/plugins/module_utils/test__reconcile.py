# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cycle refuses before it does anything; a whole one is in tests/integration and the lab."""
from __future__ import annotations

import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils import _reconcile
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused, TwinError

REQUEST = {"host": "web1", "check": False, "roots": [], "exclude": [], "seconds": {"harvest": 1.5}, "scopes": None}
HEAD = {"machine_id": "m1", "revision": 3}


def cycle():
    return _reconcile.Cycle(None, REQUEST)


def twin(**metadata):
    return {"domain": "twin-web1", "metadata": dict({"machine_id": "m1", "revision": 3}, **metadata)}


def test_scopes_that_cannot_be_converged_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(_reconcile, "open_store", lambda **_options: pytest.fail("the store was opened"))
    with pytest.raises(TwinError, match="containers, nonsense cannot be converged; there are: accounts, files, packages, services"):
        _reconcile.cycle(dict(REQUEST, scopes=["files", "nonsense", "containers"]))


def test_the_fence():
    cycle()._admit(twin(), HEAD)
    cycle()._admit(twin(revision=2), HEAD)
    with pytest.raises(Refused, match=r"was made of another machine \(m2\): nothing was changed"):
        cycle()._admit(twin(machine_id="m2"), HEAD)
    with pytest.raises(Refused, match="is at revision 4, this store knows 3: the store is older than the twin"):
        cycle()._admit(twin(revision=4), HEAD)


class Line:
    """A channel that writes down what is asked of it."""

    said: list[str] = []

    def __init__(self, twin):
        self.said.clear()

    def alive(self):
        self.said.append("alive")
        return "close" not in self.said

    def close(self):
        self.said.append("close")

    def open(self, _patience):
        self.said.append("open")
        return "boot"


@pytest.mark.parametrize(("touched", "check", "expected"), [
    (0, False, ["open"]),
    (1, False, ["close", "open"]),
    (0, True, ["alive", "open"]),
    (1, True, ["close", "alive", "open", "close"]),
])
def test_an_ssh_master_of_before_a_change_to_the_machine_is_not_used(monkeypatch, touched, check, expected):
    monkeypatch.setattr(_reconcile, "Channel", Line)
    one = _reconcile.Cycle(None, dict(REQUEST, check=check, patience=1))
    one.head = {"touched": 0}
    with one._entered({"touched": touched}):
        pass
    assert Line.said == expected


def test_every_result_has_all_its_members_and_stages_their_seconds():
    one = cycle()
    one.begun = one.lapped = time.monotonic() - 2
    one.lap("plan")
    result = one._result("absent", message="m")
    assert {name: result[name] for name in ("changes", "counts", "failures", "drift", "fidelity", "changed", "revision")} == {
        "changes": [], "counts": {}, "failures": [], "drift": [], "fidelity": {}, "changed": False, "revision": 0,
    }
    assert set(result["seconds"]) == {"harvest", "plan", "record", "total"}
    assert result["seconds"]["plan"] >= 2
    assert result["seconds"]["total"] >= 3.5


def test_what_is_kept_with_a_revision_names_no_contents():
    change = {"scope": "files", "key": "/a", "verb": "ensure", "because": "b", "before": "secret", "after": "secret"}
    kept = _reconcile._recorded({"changes": [change], "counts": {"files": 1}, "failures": [], "seconds": {}, "message": "m"})
    assert kept == {"changes": [{"scope": "files", "key": "/a", "verb": "ensure", "because": "b"}], "counts": {"files": 1}, "failures": [], "seconds": {}}
