# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scope and its parts, by name. Made by tests/tools/registry.py from the folders; do not edit.

A part is imported when it is asked for: a harvest needs no applier, and importing one costs an emulated guest a second.
"""
from __future__ import annotations

from typing import Any, Callable

from .accounts.fields import SCOPE as accounts
from .containers.fields import SCOPE as containers
from .files.fields import SCOPE as files
from .hardware.fields import SCOPE as hardware
from .load.fields import TELEMETRY as load
from .model import Scope
from .packages.fields import SCOPE as packages
from .processes.fields import TELEMETRY as processes
from .services.fields import SCOPE as services

SCHEMA: dict[str, Scope] = {
    "accounts": accounts,
    "hardware": hardware,
    "packages": packages,
    "files": files,
    "containers": containers,
    "services": services,
}

TELEMETRY: dict[str, str] = {
    "load": load,
    "processes": processes,
}


def collectors() -> dict[str, Callable[..., Any]]:
    """What reads each scope, as collect(context) -> Body."""
    from .accounts.collect import collect as accounts_part
    from .containers.collect import collect as containers_part
    from .files.collect import collect as files_part
    from .hardware.collect import collect as hardware_part
    from .packages.collect import collect as packages_part
    from .services.collect import collect as services_part

    return {
        "accounts": accounts_part,
        "containers": containers_part,
        "files": files_part,
        "hardware": hardware_part,
        "packages": packages_part,
        "services": services_part,
    }


def telemetry() -> dict[str, Callable[..., Any]]:
    """What reads each kind of telemetry, as collect_telemetry(context) -> dict."""
    from .load.collect import collect_telemetry as load_part
    from .processes.collect import collect_telemetry as processes_part

    return {
        "load": load_part,
        "processes": processes_part,
    }
