# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope containers."""

from __future__ import annotations

from ..model import Scope, desired, telemetry

SCOPE = Scope("Docker and Podman, from their API sockets: run specifications, images, networks, volumes.", False, {
    "container": {
        "spec": desired("dict", "The run specification from inspect, redacted; see spec.py for its members."),
        "running": desired("bool", "Wanted and running."),
        "state": telemetry("dict", "pid, started, health, exit code."),
    },
    "image": {"tags": desired("list", "Repository tags."), "bytes": telemetry("int", "Size.")},
    "network": {"spec": desired("dict", "Driver, subnets, options, labels.")},
    "volume": {"spec": desired("dict", "Driver, options, labels.")},
}, builds_on=("files",))
