# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Refused
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import domain, metadata

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "libvirt"
SNAPSHOT = {"name": "before {{ x }} <&>", "file": "layer-0000.qcow2", "consistency": "quiesced", "number": 1}
VALUE = {
    "format": 2, "twin": "rehearsal", "host": "web <1>", "follows": False, "machine_id": "m", "image": "d", "revision": 7, "address": "10.62.22.9",
    "host_key": "ssh-ed25519 AAAA", "touched": 3, "snapshots": [SNAPSHOT],
}


@pytest.mark.parametrize("follows", [True, False])
def test_a_value_survives_conversion_to_xml(follows):
    value = dict(VALUE, follows=follows)
    assert metadata.read(metadata.text(value), "any") == value


def test_libvirt_gets_no_namespace_and_gives_one():
    text = metadata.text(VALUE)
    assert "xmlns" not in text
    assert metadata.read(text.replace("<twin format", '<twin xmlns="%s" format' % metadata.NAMESPACE, 1), "any") == VALUE


def test_a_change_to_the_machine_is_counted():
    assert metadata.touched(VALUE) == dict(VALUE, touched=4)


def test_newer_metadata_is_refused():
    with pytest.raises(Refused, match="domain web has format 99"):
        metadata.read('<twin format="99"/>', "web")


def test_format_1_had_one_twin_per_host_which_followed_it():
    spec = domain.read((FIXTURES / "domain_format1.xml").read_text())
    assert spec["metadata"] == {
        "format": 2, "twin": "twin-web1", "host": "web1", "follows": True, "machine_id": "0123456789abcdef0123456789abcdef", "image": "3f1c", "revision": 7,
        "address": "10.62.22.9", "host_key": "ssh-ed25519 AAAA", "touched": 0, "snapshots": [dict(SNAPSHOT, name="first")],
    }
    assert metadata.read(metadata.text(spec["metadata"]), "any") == spec["metadata"]
