# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope services."""

from __future__ import annotations

from ..grammars import (
    ACCOUNT,
    BYTES,
    COUNT,
    DIGEST,
    FLAG,
    NAME,
    PACKAGE,
    PATH,
    PID,
    PROGRAM,
    UNIT,
    UNIT_MENTIONED,
    VARIABLE,
    WORD,
    Listing,
    Mapping,
    Record,
    Text,
    choice,
    either,
    text,
)
from ..model import Scope, desired, telemetry

SUPERVISED = Text("", r"supervisor:[A-Za-z0-9_][A-Za-z0-9_.:@+ -]*", 255, "supervisor: and a name of a program")
KEY = either(
    "a unit, user@NAME/UNIT, sysv:NAME, supervisor:NAME or snap:SNAP.NAME", UNIT,
    Text("", r"user@%s/(?:%s)" % (ACCOUNT.pattern, UNIT.pattern), 512, ""), Text("", "(?:sysv|snap):" + NAME.pattern, 255, ""), SUPERVISED,
)
RELATION = choice("requires", "wants", "after", "before", "part_of", "binds_to", "triggers", "triggered_by")
ENVIRONMENT_FILE = Record({"path": PATH, "optional": FLAG}, needed=("path", "optional"))
_SOCKET = Text("", r"(?:tcp|udp) (?:[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\]):[0-9]{1,5}", 64, "tcp or udp, an address and a port")
LISTENS = Listing(_SOCKET, 1024)

SCOPE = Scope("Services, sockets, timers, paths, targets, and mounts with a unit file in /etc; init scripts, supervisord programs and snap services.", True, {
    "": {
        "load": desired(WORD, "LoadState: loaded, masked, not-found, bad-setting, error."),
        "active": desired(choice("active", "inactive", "failed"), "Settled ActiveState: active, inactive or failed."),
        "enablement": desired(WORD, "UnitFileState: enabled, disabled, static, masked, linked, indirect, generated …"),
        "fragment": desired(PATH, "Path of the unit file, under /usr/lib even where /lib is a link to it."),
        "digest": desired(DIGEST, "SHA-256 over fragment and drop-ins."),
        "dropins": desired(Listing(PATH, 1024), "Paths of the drop-ins, in order."),
        "user": desired(ACCOUNT, "User= of the unit."),
        "environment_files": desired(Listing(ENVIRONMENT_FILE, 1024), "[{path, optional}] of EnvironmentFile=."),
        "listens": desired(LISTENS, "Sorted `tcp ADDRESS:PORT` and `udp ADDRESS:PORT` on which its processes wait, at wildcard and loopback addresses."),
        "listens_at": desired(LISTENS, "The same, at the machine's other addresses."),
        "condition": telemetry(FLAG, "False where a condition kept the unit from starting."),
        "environment_names": telemetry(Listing(VARIABLE, 4096), "Names (never values) of Environment=."),
        "sub_state": telemetry(WORD, "SubState."),
        "preset": telemetry(WORD, "UnitFilePreset."),
        "type": telemetry(WORD, "Type= of a service."),
        "can_reload": telemetry(FLAG, "The unit knows how to reload."),
        "package": telemetry(PACKAGE, "Package of the fragment."),
        "programs": telemetry(Listing(PROGRAM, 4096), "Absolute paths named in Exec*= and in their arguments."),
        "relations": telemetry(
            Mapping(RELATION, Listing(UNIT_MENTIONED, 8192), 8),
            "{requires, wants, after, before, part_of, binds_to, triggers, triggered_by}: sorted names; follow from the fragments."),
        "main_pid": telemetry(PID, "MainPID."),
        "memory_bytes": telemetry(BYTES, "MemoryCurrent."),
        "cpu_nanoseconds": telemetry(BYTES, "CPUUsageNSec."),
        "tasks": telemetry(COUNT, "TasksCurrent."),
        "restarts": telemetry(COUNT, "NRestarts."),
        "result": telemetry(WORD, "Result of the last run."),
        "last_trigger": telemetry(text(64), "When a timer last fired, in the host's own time."),
    },
}, builds_on=("accounts", "files", "packages"), keys={"": KEY}, most=50000)
