# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scope and its parts, by name. Made by tests/tools/registry.py from the folders; do not edit.

A part is imported when it is asked for: a harvest needs no applier, and importing one costs an emulated guest a second.
"""
from __future__ import annotations

import functools
from typing import Any, Callable, Iterable

from .accounts.fields import SCOPE as accounts
from .containers.fields import SCOPE as containers
from .context import Context
from .files.fields import SCOPE as files
from .hardware.fields import SCOPE as hardware
from .load.fields import TELEMETRY as load
from .model import Body, Change, Scope
from .packages.fields import SCOPE as packages
from .parts import Applier, Payload, Planner, Policy, Readback, Readers
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


@functools.lru_cache(maxsize=None)
def collectors() -> dict[str, Callable[[Context], Body]]:
    """What reads each scope, as collect(context)."""
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


@functools.lru_cache(maxsize=None)
def telemetry() -> dict[str, Callable[[Context], dict[str, Any]]]:
    """What reads telemetry, as collect_telemetry(context)."""
    from .load.collect import collect_telemetry as load_part
    from .processes.collect import collect_telemetry as processes_part

    return {
        "load": load_part,
        "processes": processes_part,
    }


@functools.lru_cache(maxsize=None)
def blob_readers() -> dict[str, Callable[[Context, str, str], bytes | None]]:
    """What reads the content of an item, as blob(context, key, digest)."""
    from .files.content import blob as files_part

    return {
        "files": files_part,
    }


@functools.lru_cache(maxsize=None)
def policies() -> dict[str, Policy]:
    """Which items of each scope a twin gets."""
    from .accounts.policy import POLICY as accounts_part
    from .files.policy import POLICY as files_part
    from .hardware.policy import POLICY as hardware_part
    from .packages.policy import POLICY as packages_part
    from .services.policy import POLICY as services_part

    return {
        "accounts": accounts_part,
        "files": files_part,
        "hardware": hardware_part,
        "packages": packages_part,
        "services": services_part,
    }


@functools.lru_cache(maxsize=None)
def affecting() -> dict[str, Callable[[Change, Readers], Iterable[tuple[str, str]]]]:
    """Which units a change reaches, and the verb for each."""
    from .accounts.affects import reached as accounts_part
    from .files.affects import reached as files_part

    return {
        "accounts": accounts_part,
        "files": files_part,
    }


@functools.lru_cache(maxsize=None)
def planners() -> dict[str, Planner]:
    """What makes the steps of each scope."""
    from .accounts.steps import STEPS as accounts_part
    from .files.steps import STEPS as files_part
    from .packages.steps import STEPS as packages_part
    from .services.steps import STEPS as services_part

    return {
        "accounts": accounts_part,
        "files": files_part,
        "packages": packages_part,
        "services": services_part,
    }


@functools.lru_cache(maxsize=None)
def payloads() -> dict[str, Payload]:
    """What travels with items and steps of each scope."""
    from .files.payload import PAYLOAD as files_part
    from .packages.payload import PAYLOAD as packages_part

    return {
        "files": files_part,
        "packages": packages_part,
    }


@functools.lru_cache(maxsize=None)
def appliers() -> dict[str, dict[str, Applier]]:
    """What applies each batch of a scope, by the batch's name."""
    from .accounts.apply import APPLIERS as accounts_part
    from .files.apply import APPLIERS as files_part
    from .packages.apply import APPLIERS as packages_part
    from .services.apply import APPLIERS as services_part

    return {
        "accounts": accounts_part,
        "files": files_part,
        "packages": packages_part,
        "services": services_part,
    }


@functools.lru_cache(maxsize=None)
def readbacks() -> dict[str, Readback]:
    """What is read again after each scope's steps."""
    from .files.readback import READBACK as files_part
    from .packages.readback import READBACK as packages_part

    return {
        "files": files_part,
        "packages": packages_part,
    }


@functools.lru_cache(maxsize=None)
def snapshots() -> dict[str, Callable[[Context], dict[str, Any]]]:
    """What looks at each scope without reading it: {key: stamp}."""
    from .files.snapshot import look as files_part
    from .services.snapshot import look as services_part

    return {
        "files": files_part,
        "services": services_part,
    }
