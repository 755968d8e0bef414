# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import domain

SNAPSHOT = {"name": "before {{ x }} <&>", "file": "layer-0000.qcow2", "consistency": "quiesced", "number": 1}


def spec(**changes):
    metadata = {
        "format": 2, "twin": "twin-web1", "host": "web <1> & \"co\"", "follows": True, "machine_id": "m", "image": "d", "revision": 7, "address": "10.62.22.9",
        "host_key": "ssh-ed25519 AAAA", "touched": 0, "snapshots": [SNAPSHOT],
    }
    value = {
        "name": "twin-web1", "uuid": "11111111-2222-3333-4444-555555555555", "memory": 512, "vcpus": 2,
        "disk_rate": 200, "disk_iops": 10000, "accel": "tcg", "machine": "q35",
        "network": "safetytwin", "mac": "52:54:00:01:02:03", "address": "10.62.22.10", "disk": "/d/layer-0001.qcow2", "seed": "/d/seed.iso",
        "boot": {"kernel": "/i/vmlinuz", "initrd": "/i/initrd.img", "cmdline": "root=/dev/vda"}, "metadata": metadata,
    }
    return dict(value, **changes)


def as_libvirt_stores(xml):
    """Units and machine type as libvirt writes them back."""
    return xml.replace('<memory unit="MiB">512<', '<memory unit="KiB">%d<' % (512 * 1024)).replace('"q35"', '"pc-q35-7.2"').replace('"pc"', '"pc-i440fx-7.2"')


@pytest.mark.parametrize("changes", [{}, {"accel": "kvm"}, {"machine": "pc"}, {"boot": None}, {"disk_rate": 0}, {"disk_rate": 0, "disk_iops": 0}])
def test_a_spec_survives_conversion_to_xml(changes):
    want = spec(**changes)
    have = domain.read(as_libvirt_stores(domain.build(want)))
    assert domain.differences(have, want) == []


def test_a_definition_without_a_part_is_a_sentence():
    with pytest.raises(TwinError, match="has no devices/interface/mac"):
        domain.read(as_libvirt_stores(domain.build(spec())).replace("<mac ", "<other "))


def test_differences_name_the_fields():
    assert domain.differences(spec(), spec(memory=1, vcpus=9)) == ["memory", "vcpus"]


@pytest.mark.parametrize(("machine", "bus"), [("q35", "sata"), ("pc", "ide")])
def test_the_cdrom_is_on_the_bus_the_machine_has(machine, bus):
    root = ET.fromstring(domain.build(spec(machine=machine)))
    assert root.find("devices/disk[@device='cdrom']/target").get("bus") == bus


def test_an_interface_sends_from_its_own_address_alone_where_that_is_known():
    filtered = ET.fromstring(domain.build(spec())).find("devices/interface/filterref")
    assert (filtered.get("filter"), filtered.find("parameter").attrib) == ("clean-traffic", {"name": "IP", "value": "10.62.22.10"})
    without = spec(address="")
    assert ET.fromstring(domain.build(without)).find("devices/interface/filterref") is None
    assert domain.read(as_libvirt_stores(domain.build(without)))["address"] == ""


def test_a_disk_has_its_limits_and_stops_the_guest_when_the_file_system_is_full():
    disk = ET.fromstring(domain.build(spec())).find("devices/disk[@device='disk']")
    assert disk.find("driver").get("error_policy") == "enospace"
    assert {each.tag: each.text for each in disk.find("iotune")} == {"total_bytes_sec": str(200 << 20), "total_iops_sec": "10000"}
    assert ET.fromstring(domain.build(spec(disk_rate=0, disk_iops=0))).find("devices/disk/iotune") is None


def test_lists_of_domains_say_whose_twin_it_is():
    root = ET.fromstring(domain.build(spec()))
    assert root.findtext("title") == 'Twin of web <1> & "co"'
    assert 'mirrors the host web <1> & "co"' in root.findtext("description")
    rehearsal = dict(spec()["metadata"], follows=False)
    assert ET.fromstring(domain.build(spec(metadata=rehearsal))).findtext("title").endswith("(does not follow it)")


@pytest.mark.parametrize(("host", "line"), [
    ("a\nb\x1b[31m\x00\udcff", "a?b?[31m??"), ("</title><x>", "</title><x>"), ("w" * 80, "w" * 80), ("w" * 81, "w" * 79 + "…"),
])
def test_a_title_is_one_short_line_of_text(host, line):
    assert domain.title(dict(spec()["metadata"], host=host)) == "Twin of " + line


def test_the_mac_is_fixed_by_the_name():
    assert domain.mac_address("twin-a") == domain.mac_address("twin-a") != domain.mac_address("twin-b")
