# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, Refused
from ansible_collections.safetytwin.twin.plugins.module_utils._converge import guard

UUID = "0f6d2c1e-7a53-4f0e-9a0a-5f3f0c6f6d11"
OTHER = "aaaaaaaa-7a53-4f0e-9a0a-5f3f0c6f6d11"


@pytest.fixture
def machine(tmp_path):
    """A twin of web1 as files: returns a function that proves a request there."""
    marker, product = tmp_path / "twin.json", tmp_path / "product_uuid"
    marker.write_text(json.dumps({"host": "web1", "twin": "web1-copy", "uuid": UUID}))
    product.write_text(UUID.upper() + "\n")

    def prove(**request):
        guard.prove({"host": "web1", "twin": "web1-copy", "uuid": UUID, **request}, str(marker), str(product))

    prove.marker, prove.product = marker, product
    return prove


def test_the_twin_itself_is_accepted_in_any_case(machine):
    machine()
    machine(uuid=UUID.upper())


@pytest.mark.parametrize(("request_", "why"), [
    ({"uuid": OTHER}, "request is for the machine"), ({"host": "web2"}, "twin of 'web2'"),
    ({"twin": "twin-web1"}, "the twin 'twin-web1' and this is the twin 'web1-copy'"), ({"twin": None}, "the twin None"), ({"uuid": None}, "names no machine"),
])
def test_a_request_for_another_machine_is_refused(machine, request_, why):
    with pytest.raises(Refused, match=why):
        machine(**request_)


def test_a_marker_of_before_twins_had_ids_is_that_of_the_follower(machine):
    machine.marker.write_text(json.dumps({"host": "web1", "uuid": UUID}))
    machine(twin="twin-web1")
    with pytest.raises(Refused, match="this is the twin 'twin-web1'"):
        machine()


@pytest.mark.parametrize(("content", "why"), [(None, "not a twin"), ("{", "cannot be read"), ("[]", "no object"), ("{}", "names no machine")])
def test_a_machine_without_a_good_marker_is_refused(machine, content, why):
    if content is None:
        machine.marker.unlink()
    else:
        machine.marker.write_text(content)
    with pytest.raises(Refused, match=why):
        machine()


def test_a_copy_of_a_twin_is_refused(machine):
    machine.product.write_text(OTHER)
    with pytest.raises(Refused, match="a copy of a twin"):
        machine()
    with pytest.raises(Refused, match="a copy of a twin"):
        machine(uuid=OTHER)


def test_unreadable_firmware_is_refused(machine):
    machine.product.unlink()
    with pytest.raises(Refused, match="needs root in the twin"):
        machine()


def test_one_apply_at_a_time(tmp_path):
    lock = str(tmp_path / "run" / "lock")
    with guard.exclusive(lock), pytest.raises(Busy), guard.exclusive(lock):
        pass
    with guard.exclusive(lock):
        pass
