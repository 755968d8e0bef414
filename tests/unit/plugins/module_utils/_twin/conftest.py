# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin of web1 as a specification, and as a domain of libvirt's own in-memory hypervisor."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, domain


@pytest.fixture
def spec():
    metadata = {
        "format": 2, "twin": "twin-web1", "host": "web1", "follows": True, "machine_id": "m1", "image": "d", "revision": 3, "address": "10.62.22.9",
        "host_key": "ssh-ed25519 AAAA", "touched": 5, "snapshots": [],
    }
    return {
        "name": "twin-web1", "uuid": "11111111-2222-3333-4444-555555555555", "memory": 64, "vcpus": 1,
        "disk_rate": 0, "disk_iops": 0, "accel": "tcg", "machine": "pc",
        "network": "default", "mac": domain.mac_address("twin-web1"), "address": "10.62.22.9", "disk": "/t/twin-web1/layer-0000.qcow2",
        "seed": "/t/twin-web1/seed.iso", "boot": None, "metadata": metadata,
    }


@pytest.fixture
def conn(spec):
    pytest.importorskip("libvirt")
    with client.connect("test:///default") as connection:
        dom = connection.defineXML(domain.build(spec).replace('type="qemu"', 'type="test"').replace("x86_64", "i686"))
        yield connection
        if dom.isActive():
            dom.destroy()
        dom.undefine()
