# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about all twins of a hypervisor, as flat values for modules and the inventory."""

from __future__ import annotations

import os
from typing import Any

from .._libvirt import client
from .._libvirt.address import find_address
from . import layers

_SPEC = ("mac", "network", "memory", "vcpus", "accel", "machine")
_METADATA = ("twin", "host", "follows", "machine_id", "image", "revision", "touched", "host_key", "snapshots")


def survey(conn: client.Connection, host: str | None = None, twin_id: str | None = None, seconds: float = 0) -> list[dict[str, Any]]:
    """One portrait a twin, of all or of one host, or the one with an id; seconds as for portrait, per running twin."""
    return [portrait(conn, twin, seconds) for twin in client.twins(conn, host) if twin_id in (None, twin["twin"])]


def portrait(conn: client.Connection, twin: client.Twin, seconds: float = 0) -> dict[str, Any]:
    """What is known of a twin, as flat values; seconds: how long to look for an address that is not fixed."""
    found = find_address(conn, twin, seconds)
    shown: dict[str, Any] = {"domain": twin["domain"], "uuid": twin["uuid"], "state": twin["state"], "port": twin["port"], "directory": twin["directory"]}
    shown.update((key, value) for key, value in twin["spec"].items() if key in _SPEC)
    shown.update((key, value) for key, value in twin["metadata"].items() if key in _METADATA)
    return dict(shown, address=found["address"], address_source=found["source"])


def disk_layers(directory: str) -> list[dict[str, Any]]:
    """[{"file", "parent" (None over the base image), "bytes" (on disk)}] of a twin whose files are on this machine and open to us."""
    if not os.access(directory, os.R_OK):
        return []
    below = layers.parents(directory)
    sizes = {name: os.stat(os.path.join(directory, name)).st_blocks * 512 for name in below}
    return [{"file": name, "parent": below[name], "bytes": sizes[name]} for name in sorted(below)]
