# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the twin should be, given what its host is; and why it should not be all of it.

Policy decides from the host's state alone, so that the same host gives the same desired state whatever happened to the
twin. A reason here explains a difference that there may turn out to be; where host and twin are equal all the same, the
item is reproduced and the reason is not needed.
"""
from __future__ import annotations

from .._base.patterns import matches_any
from .._scopes.accounts import policy as accounts
from .._scopes.files import policy as files
from .._scopes.packages import policy as packages
from .._scopes.registry import SCHEMA
from .._scopes.schema import kind_of
from .._scopes.services import policy as services

MEBIBYTE = 1 << 20

# Why hardware may differ, by kind of item.
HARDWARE = {
    "cpu": "hardware_capped",
    "memory": "hardware_capped",
    "disk": "hardware_absent",
    "nic": "hardware_absent",
    "filesystem": "twin_substrate",
    "firmware": "twin_substrate",
    "virtualization": "twin_substrate",
    "kernel": "twin_substrate",
    "distribution": "twin_substrate",
}

# Consoles and mounts follow the machine, and are right when they differ.
MACHINE_UNITS = ("getty@*", "serial-getty@*", "container-getty@*", "console-getty.service", "*.mount", "*.swap", "*.device")
GENERATED = "/run/systemd/generator"
# Supervisors other than systemd are recorded only.
FOREIGN = ("sysv:*", "supervisor:*", "snap:*")

SELF = {"packages": packages.SELF, "accounts": accounts.SELF, "files": files.SELF, "services": services.SELF}
SUBSTRATE = {"packages": packages.SUBSTRATE, "files": files.SUBSTRATE, "services": services.SUBSTRATE}


def substrate_of(baseline, host_scopes):
    """What the twin's image has beyond its host, {"packages": [key], "accounts": [key]}: found once, at the first harvest.

    Files and units are not listed: they belong to those packages, or are the host's to decide.
    """
    return {
        scope: sorted(set(_items(baseline, scope)) - set(_items(host_scopes, scope)))
        for scope in ("packages", "accounts")
    }


def desire(host_scopes, twin):
    """(desired scopes, {scope: {key: reason}}) of a host's scopes.

    twin is {"substrate": see substrate_of, "caps": {"vcpus", "memory_mib"}, "self_host": True where the host is its own
    hypervisor, "converged_scopes": names, or None for all that can be}.
    """
    chosen = twin.get("converged_scopes")
    desired, exceptions = {}, {}
    for scope, body in host_scopes.items():
        reasons = dict(body["excluded"])
        if scope == "hardware":
            items = _hardware(body["items"], twin, reasons)
        elif SCHEMA[scope].converged and (chosen is None or scope in chosen):
            items = _converged(scope, host_scopes, twin, reasons)
        else:
            items = {}
            reasons.update(dict.fromkeys(body["items"], "not_converged"))
        desired[scope] = {"status": body["status"], "note": body["note"], "items": items, "excluded": {}}
        exceptions[scope] = reasons
    return desired, exceptions


def kept(actual_scopes, desired_scopes, exceptions, twin):
    """{scope: {key: reason}} of what only the twin has and may keep."""
    ours = _without_host(twin, desired_scopes, exceptions)
    stays = {}
    for scope, body in actual_scopes.items():
        wanted = _items(desired_scopes, scope)
        known = exceptions.get(scope, {})
        free = scope in desired_scopes and SCHEMA[scope].converged
        stays[scope] = {
            key: known.get(key, "twin_substrate")
            for key, item in body["items"].items()
            if key not in wanted and (not free or key in known or _of_twin(scope, key, item, ours, twin))
        }
    if "files" in stays:
        _keep_parents(stays["files"], actual_scopes["files"]["items"], _items(desired_scopes, "files"))
    return stays


def _hardware(items, twin, reasons):
    """Only what the twin can be given by number is desired."""
    caps = twin["caps"]
    desired = {}
    for key, item in items.items():
        kind = kind_of("hardware", key)
        reasons[key] = HARDWARE[kind]
        if kind == "cpu":
            desired[key] = dict(item, count=min(item["count"], caps["vcpus"]))
        elif kind == "memory":
            desired[key] = dict(item, bytes=min(item["bytes"], caps["memory_mib"] * MEBIBYTE))
    return desired


def _converged(scope, host_scopes, twin, reasons):
    desired = {}
    for key, item in host_scopes[scope]["items"].items():
        reason = _left_out(scope, key, item, twin)
        if reason:
            reasons[key] = reason
            continue
        if scope == "services":
            item, reason = _unit(item, host_scopes)
            if reason:
                reasons[key] = reason
        desired[key] = item
    return desired


def _left_out(scope, key, item, twin):
    name = _name(scope, key)
    # what a package of ours has is ours, whatever its name
    if twin.get("self_host") and (matches_any(SELF[scope], name) or matches_any(packages.SELF, item.get("package") or "")):
        return "safetytwin_self"
    if scope == "services" and matches_any(MACHINE_UNITS, name):
        return "identity"
    if key in twin["substrate"].get(scope, ()) or matches_any(SUBSTRATE.get(scope, ()), name):
        return "twin_substrate"
    return "not_converged" if scope == "services" and matches_any(FOREIGN, name) else None


def _unit(item, host_scopes):
    """(item, reason): what does not run on the host because of where it is, or cannot run without what was left out, is carried, but not told to run."""
    if item.get("condition") is False and item.get("active") != "active":
        return _without(item, "active"), "condition_differs"
    left_out = host_scopes["files"]["excluded"] if "files" in host_scopes else {}
    needed = [entry["path"] for entry in item.get("environment_files") or () if not entry["optional"]]
    for path in needed + list(item.get("programs") or ()):
        if left_out.keys() & _with_parents(path):
            return _without(item, "active"), "needs_excluded: %s" % path
    return item, None


def _with_parents(path):
    """A path and the directories above it: a directory that is left out takes its tree along."""
    parts = path.split("/")
    return {"/".join(parts[:length]) for length in range(2, len(parts) + 1)}


def _without(item, field):
    return {name: value for name, value in item.items() if name != field}


def _without_host(twin, desired_scopes, exceptions):
    """Names of the twin's own packages that the host has not got: their files and units are the twin's, too."""
    known = exceptions.get("packages", {})
    hosts = set(_items(desired_scopes, "packages")) | {key for key, reason in known.items() if reason != "safetytwin_self"}
    return {_name("packages", key) for key in twin["substrate"].get("packages", ())} - {_name("packages", key) for key in hosts}


def _of_twin(scope, key, item, ours, twin):
    name = _name(scope, key)
    if key in twin["substrate"].get(scope, ()) or matches_any(SUBSTRATE.get(scope, ()) + (MACHINE_UNITS if scope == "services" else ()), name):
        return True
    if scope not in ("files", "services"):
        return False
    package = item.get("package")
    generated = scope == "services" and (item.get("fragment") or "").startswith(GENERATED)
    return generated or package in ours


def _keep_parents(stays, items, wanted):
    """A directory stays as long as something in it does."""
    for path in list(stays):
        parent = path.rpartition("/")[0]
        while parent and parent not in stays:
            if parent in items and parent not in wanted:
                stays[parent] = "twin_substrate"
            parent = parent.rpartition("/")[0]


def _name(scope, key):
    """What patterns are about: a package's name without its architecture, else the key."""
    return key.rpartition(":")[0] or key if scope == "packages" else key


def _items(scopes, scope):
    return scopes[scope]["items"] if scope in scopes else {}
