# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every collector by its scope. Made by tests/tools/registry.py; do not edit."""
from __future__ import annotations

from . import _accounts, _containers, _files, _hardware, _load, _packages, _processes, _services

SCOPES = {
    "accounts": _accounts.collect,
    "containers": _containers.collect,
    "files": _files.collect,
    "hardware": _hardware.collect,
    "packages": _packages.collect,
    "services": _services.collect,
}

TELEMETRY = {
    "load": _load.collect_telemetry,
    "processes": _processes.collect_telemetry,
}
