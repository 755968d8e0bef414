# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope services."""

from __future__ import annotations

from ..model import Scope, desired, telemetry

SCOPE = Scope("systemd units that matter: service, socket, timer, path, the admin's mounts, targets.", True, {
    "": {
        "load": desired("str", "LoadState: loaded, masked, not-found, bad-setting, error."),
        "active": desired("str", "Settled ActiveState: active, inactive or failed."),
        "enablement": desired("str", "UnitFileState: enabled, disabled, static, masked, linked, indirect, generated …"),
        "fragment": desired("str", "Path of the unit file, under /usr/lib even where /lib is a link to it."),
        "digest": desired("str", "SHA-256 over fragment and drop-ins."),
        "dropins": desired("list", "Paths of the drop-ins, in order."),
        "user": desired("str", "User= of the unit."),
        "environment_files": desired("list", "[{path, optional}] of EnvironmentFile=."),
        "condition": telemetry("bool", "False where a condition kept the unit from starting."),
        "environment_names": telemetry("list", "Names (never values) of Environment=."),
        "sub_state": telemetry("str", "SubState."),
        "preset": telemetry("str", "UnitFilePreset."),
        "type": telemetry("str", "Type= of a service."),
        "can_reload": telemetry("bool", "The unit knows how to reload."),
        "package": telemetry("str", "Package of the fragment."),
        "programs": telemetry("list", "Absolute paths named in Exec*= and in their arguments."),
        "relations": telemetry("dict", "{requires, wants, after, before, part_of, binds_to, triggers, triggered_by}: sorted names; follow from the fragments."),
        "main_pid": telemetry("int", "MainPID."),
        "memory_bytes": telemetry("int", "MemoryCurrent."),
        "cpu_nanoseconds": telemetry("int", "CPUUsageNSec."),
        "tasks": telemetry("int", "TasksCurrent."),
        "restarts": telemetry("int", "NRestarts."),
        "result": telemetry("str", "Result of the last run."),
        "last_trigger": telemetry("str", "When a timer last fired, in the host's own time."),
    },
}, builds_on=("accounts", "files", "packages"))
