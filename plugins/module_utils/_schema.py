# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state's one table: scopes, kinds of items, fields, and the lane of each field.

Code, documentation, JSON Schema and tests all read this. A key is `NAME` in a scope of one kind, `KIND:NAME` (or `KIND`)
in a scope of several.
"""
from __future__ import annotations

import collections

FORMAT = 1

DESIRED = "desired"  # hashed, compared, converged
TELEMETRY = "telemetry"  # never compared: moves by itself, or only says where a fact comes from
IDENTITY = "identity"  # right when it differs

Field = collections.namedtuple("Field", "lane type doc")
Scope = collections.namedtuple("Scope", "doc converged kinds")


def _d(kind, doc):
    return Field(DESIRED, kind, doc)


def _t(kind, doc):
    return Field(TELEMETRY, kind, doc)


def _i(kind, doc):
    return Field(IDENTITY, kind, doc)


SCHEMA = {
    "hardware": Scope("What the machine is made of.", False, {
        "cpu": {
            "architecture": _d("str", "Machine name as uname gives it."),
            "count": _d("int", "Logical processors."),
            "model": _t("str", "Model name from /proc/cpuinfo."),
        },
        "memory": {"bytes": _d("int", "Physical memory in bytes, from /proc/meminfo.")},
        "disk": {
            "bytes": _d("int", "Size in bytes, from /sys/block."),
            "model": _t("str", "Vendor's model name."),
            "rotational": _t("bool", "True for spinning disks."),
        },
        "filesystem": {
            "type": _d("str", "File system type, from /proc/self/mountinfo."),
            "options": _t("list", "Mount options."),
            "source": _t("str", "Mounted device or name."),
            "bytes": _t("int", "Size in bytes, from statvfs."),
        },
        "nic": {
            "driver": _t("str", "Kernel driver."),
            "mtu": _d("int", "Bytes."),
            "mac": _i("str", "Hardware address."),
            "addresses": _i("list", "Addresses with prefix length."),
        },
        "firmware": {"kind": _t("str", "uefi or bios."), "vendor": _t("str", "From DMI.")},
        "virtualization": {"kind": _t("str", "As systemd-detect-virt names it; none on bare metal.")},
        "kernel": {"release": _d("str", "As uname -r."), "command_line": _t("str", "From /proc/cmdline.")},
        "distribution": {
            "id": _d("str", "ID of os-release."),
            "version_id": _d("str", "VERSION_ID of os-release."),
            "codename": _d("str", "VERSION_CODENAME of os-release."),
            "name": _t("str", "PRETTY_NAME of os-release."),
        },
    }),
    "accounts": Scope("Users, groups and memberships of the local files; no password hashes.", True, {
        "group": {
            "gid": _d("int", "Numeric id."),
            "members": _d("list", "Sorted user names that /etc/group lists."),
        },
        "user": {
            "uid": _d("int", "Numeric id."),
            "group": _d("str", "Name of the primary group (its number where it has no name)."),
            "gecos": _d("str", "Comment field."),
            "home": _d("str", "Home directory."),
            "shell": _d("str", "Login shell."),
        },
    }),
    "packages": Scope("Packages of the system's package manager, by name:architecture.", True, {
        "": {
            "version": _d("str", "Full version."),
            "status": _d("str", "installed, config-files (removed, configuration kept) or broken."),
            "held": _d("bool", "Selected as hold."),
            "automatic": _d("bool", "Installed only as a dependency, from apt's extended_states."),
            "origin": _t("str", "Where the installed version comes from, as apt-cache policy names it; empty when nowhere."),
        },
    }),
    "files": Scope("Configuration and local files, by path.", True, {
        "": {
            "type": _d("str", "file, dir, link, or fifo/socket/block/char."),
            "mode": _d("str", "Permission bits in octal, four digits; not for links."),
            "owner": _d("str", "User name, or number where it has no name."),
            "group": _d("str", "Group name, or number where it has no name."),
            "target": _d("str", "Where a link points."),
            "size": _d("int", "Bytes of a regular file."),
            "digest": _d("str", "SHA-256 of a regular file's content."),
            "package": _t("str", "Package the path belongs to (for links in /etc/systemd: the target's)."),
            "pristine": _t("bool", "Content equals the package's own: known by the package, not carried."),
        },
    }),
    "services": Scope("systemd units that matter: service, socket, timer, path, the admin's mounts, targets.", True, {
        "": {
            "load": _d("str", "LoadState: loaded, masked, not-found, bad-setting, error."),
            "active": _d("str", "Settled ActiveState: active, inactive or failed."),
            "enablement": _d("str", "UnitFileState: enabled, disabled, static, masked, linked, indirect, generated …"),
            "fragment": _d("str", "Path of the unit file, under /usr/lib even where /lib is a link to it."),
            "digest": _d("str", "SHA-256 over fragment and drop-ins."),
            "dropins": _d("list", "Paths of the drop-ins, in order."),
            "user": _d("str", "User= of the unit."),
            "environment_files": _d("list", "[{path, optional}] of EnvironmentFile=."),
            "condition": _t("bool", "False where a condition kept the unit from starting."),
            "environment_names": _t("list", "Names (never values) of Environment=."),
            "sub_state": _t("str", "SubState."),
            "preset": _t("str", "UnitFilePreset."),
            "type": _t("str", "Type= of a service."),
            "can_reload": _t("bool", "The unit knows how to reload."),
            "package": _t("str", "Package of the fragment."),
            "programs": _t("list", "Absolute paths named in Exec*= and in their arguments."),
            "relations": _t("dict", "{requires, wants, after, before, part_of, binds_to, triggers, triggered_by}: sorted names; follow from the fragments."),
            "main_pid": _t("int", "MainPID."),
            "memory_bytes": _t("int", "MemoryCurrent."),
            "cpu_nanoseconds": _t("int", "CPUUsageNSec."),
            "tasks": _t("int", "TasksCurrent."),
            "restarts": _t("int", "NRestarts."),
            "result": _t("str", "Result of the last run."),
            "last_trigger": _t("str", "When a timer last fired, in the host's own time."),
        },
    }),
    "containers": Scope("Docker and Podman, from their API sockets: run specifications, images, networks, volumes.", False, {
        "container": {
            "spec": _d("dict", "The run specification from inspect, redacted; see _collect/_containers.py for its members."),
            "running": _d("bool", "Wanted and running."),
            "state": _t("dict", "pid, started, health, exit code."),
        },
        "image": {"tags": _d("list", "Repository tags."), "bytes": _t("int", "Size.")},
        "network": {"spec": _d("dict", "Driver, subnets, options, labels.")},
        "volume": {"spec": _d("dict", "Driver, options, labels.")},
    }),
}

# Read by every harvest but in no state: they only ever move.
TELEMETRY_SCOPES = {
    "processes": "Processes grouped by what owns them.",
    "load": "CPU, memory, I/O and pressure of the whole machine.",
}

# Later phases may rely on earlier ones; steps inside a phase do not depend on each other.
PHASES = ("accounts", "packages", "files", "daemon-reload", "services")


def kind_of(scope, key):
    """The kind of an item: the part of its key before the first colon in a scope of several kinds, else ''."""
    kinds = SCHEMA[scope].kinds
    return "" if "" in kinds else key.partition(":")[0]


def fields_of(scope, key):
    """{field name: Field} of one item."""
    return SCHEMA[scope].kinds[kind_of(scope, key)]


def desired(scope, key, item):
    """Only the desired fields of an item, absent ones left out: what is hashed and compared."""
    return {
        name: item[name]
        for name, field in fields_of(scope, key).items()
        if field.lane == DESIRED and item.get(name) is not None
    }
