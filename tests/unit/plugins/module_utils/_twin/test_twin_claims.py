# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import baseimage, claims, provision

WISH = {"host": "web1", "twin": "twin-web1", "follows": None, "state": "running", "machine_id": "m1"}


def known(twin="twin-web1", host="web1", follows=True, machine_id="m1"):
    return {"twin": twin, "host": host, "follows": follows, "machine_id": machine_id}


@pytest.fixture(name="domains")
def _domains(monkeypatch):
    """Domains by name, as the client would find them: metadata, or None for one that is not a twin."""
    domains = {}
    monkeypatch.setattr(claims.client, "lookup", lambda _conn, name: name if name in domains else None)
    monkeypatch.setattr(claims.client, "metadata", domains.get)
    monkeypatch.setattr(claims.client, "describe", domains.get)
    monkeypatch.setattr(claims.client, "twins", lambda _conn, host: [twin for twin in domains.values() if twin and twin["host"] == host])
    return domains


def claim(**changes):
    return claims.claim(None, dict(WISH, **changes))


def test_a_missing_twin_is_none(domains):
    assert claim() is None


def test_the_twin_itself_is_claimed(domains):
    domains["twin-web1"] = known()
    domains["rehearsal"] = known("rehearsal", follows=False)
    assert claim() == claim(machine_id=None, follows=True) == known()
    assert claim(twin="rehearsal")["twin"] == "rehearsal"


@pytest.mark.parametrize("state", ["running", "absent"])
def test_a_foreign_domain_is_refused(domains, state):
    domains["twin-web1"] = None
    with pytest.raises(Refused, match="not a twin"):
        claim(state=state)
    with pytest.raises(Refused, match="not a twin"):
        provision.provision(None, dict(WISH, state=state, snapshot=None))


@pytest.mark.parametrize("state", ["running", "absent"])
def test_a_twin_of_another_host_is_refused(domains, state):
    domains["twin-web1"] = known(host="other")
    with pytest.raises(Refused, match="a twin of host other, not of web1: choose another id"):
        claim(state=state)


def test_another_machine_is_refused_but_may_be_removed(domains):
    domains["twin-web1"] = known()
    with pytest.raises(Refused, match="reinstalled, or two hosts claim one twin"):
        claim(machine_id="m2")
    assert claim(machine_id="m2", state="absent") == known()


def test_whether_an_existing_twin_follows_cannot_be_changed(domains):
    domains["twin-web1"] = known()
    with pytest.raises(Refused, match="made with follows true, which cannot be changed"):
        claim(follows=False)
    assert claim(follows=False, state="absent") == known()


@pytest.mark.parametrize(("twin", "follows", "result"), [
    ("twin-web1", None, True), ("twin-web1", False, False), ("rehearsal", None, False), ("rehearsal", True, True),
])
def test_the_twin_called_after_its_host_follows_it_unless_told_otherwise(domains, twin, follows, result):
    assert claims.follows(None, dict(WISH, twin=twin, follows=follows)) is result


def test_a_second_follower_of_a_host_is_refused(domains):
    domains["twin-web1"] = known()
    domains["twin-web2"] = known("twin-web2", host="web2")
    with pytest.raises(Refused, match="twin-web1 follows host web1 already: make this one with follows false"):
        claims.follows(None, dict(WISH, twin="rehearsal", follows=True))
    assert claims.follows(None, dict(WISH, twin="rehearsal")) is False
    assert claims.follows(None, dict(WISH, host="web3", twin="twin-web3")) is True


def test_a_missing_base_image_is_built_by_something_that_exists(tmp_path):
    with pytest.raises(TwinError, match="build it with the module twin_image"):
        baseimage.read_image(str(tmp_path))


def test_a_twin_that_is_ahead_of_the_store_or_of_another_machine_is_refused():
    def twin(**metadata):
        return {"domain": "twin-web1", "metadata": dict({"machine_id": "m1", "revision": 3}, **metadata)}

    store = {"machine_id": "m1", "revision": 3, "host": "web1"}
    claims.fence(twin(), store)
    claims.fence(twin(revision=2), store)
    with pytest.raises(Refused, match=r"was made of another machine \(m2\): nothing was changed"):
        claims.fence(twin(machine_id="m2"), store)
    with pytest.raises(Refused, match="is at revision 4, this store knows 3: the store is older than the twin"):
        claims.fence(twin(revision=4), store)


@pytest.mark.parametrize(("there", "wish", "shared"), [
    (False, {}, True), (True, {}, False), (True, {"state": "absent"}, True), (True, {"network": "other"}, True), (True, {"network": "own"}, False),
])
def test_what_twins_share_is_decided_where_one_is_made_removed_or_moved(domains, there, wish, shared):
    if there:
        domains["twin-web1"] = dict(known(), spec={"network": "own"})
    assert claims.shared(None, {**WISH, "network": None, **wish}) == shared
