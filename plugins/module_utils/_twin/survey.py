# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about all twins of a hypervisor, as flat values for modules and the inventory."""

from __future__ import annotations

import os

from .._libvirt import client
from .._libvirt.address import find_address
from . import layers

_SPEC = ("mac", "network", "memory", "vcpus", "accel", "machine")
_METADATA = ("host", "machine_id", "image", "revision", "host_key", "snapshots")


def survey(conn, host=None, seconds=0):
    """One dict a twin, of all hosts or of one; seconds: how long to look for an address that is not fixed, per running twin."""
    return [_portrait(conn, twin, seconds) for twin in client.twins(conn) if host in (None, twin["metadata"]["host"])]


def _portrait(conn, twin, seconds):
    found = find_address(conn, twin, seconds)
    portrait = {key: twin[key] for key in ("domain", "uuid", "state", "port", "directory")}
    portrait.update({key: twin["spec"][key] for key in _SPEC})
    portrait.update({key: twin["metadata"][key] for key in _METADATA})
    return dict(portrait, address=found["address"], address_source=found["source"])


def disk_layers(directory):
    """[{"file", "parent" (None over the base image), "bytes" (on disk)}] of a twin whose files are on this machine and open to us."""
    if not os.access(directory, os.R_OK):
        return []
    below = layers.parents(directory)
    sizes = {name: os.stat(os.path.join(directory, name)).st_blocks * 512 for name in below}
    return [{"file": name, "parent": below[name], "bytes": sizes[name]} for name in sorted(below)]
