# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the answers of systemctl to items. Pure.

`active` is what systemd was told to keep, not what happens to run at this moment:

- A service that only its socket, timer, path or bus name starts, and nothing at boot, declares no activity: no `active`.
- A service wanted at boot that also has an active socket or path is active even while it idles: its trigger stands in.
- A unit on its way counts as what it is heading for. One that systemd restarts again and again heads for active for ever,
  and `sub_state`, `restarts` and `result` tell that it never arrives: calling it failed would flip with every attempt.
"""
from __future__ import annotations

import re
import shlex
from typing import Collection, Dict

from ..._base.codec import text
from ..model import Item, Items
from .unit_files import is_instance

RELATIONS = {
    "requires": "Requires", "wants": "Wants", "after": "After", "before": "Before", "part_of": "PartOf",
    "binds_to": "BindsTo", "triggers": "Triggers", "triggered_by": "TriggeredBy",
}
COMMANDS = ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload")
NUMBERS = {
    "main_pid": "MainPID", "memory_bytes": "MemoryCurrent", "cpu_nanoseconds": "CPUUsageNSec", "tasks": "TasksCurrent",
    "restarts": "NRestarts",
}
PROPERTIES = (
    "Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "UnitFilePreset", "FragmentPath",
    "DropInPaths", "Transient", "User", "EnvironmentFiles", "Environment", "Type", "RemainAfterExit", "BusName",
    "WantedBy", "RequiredBy", "ConditionResult", "ConditionTimestampMonotonic", "CanReload", "Result", "LastTriggerUSec",
    "Listen",
) + tuple(RELATIONS.values()) + COMMANDS + tuple(NUMBERS.values())

MOVING = {
    "activating": "active", "reloading": "active", "refreshing": "active", "deactivating": "inactive",
    "maintenance": "inactive",
}
UP = ("active", "reloading", "refreshing")  # ActiveStates in which a service runs
INTERNET = re.compile(r"((?:\[[0-9A-Fa-f:.]+\]|[0-9.]+):\d+) \((Stream|Datagram)\)")  # of Listen=; the rest are paths
SWITCHED = ("enabled", "masked", "linked")  # UnitFileStates that somebody chose
UNSET = {"", "n/a", "[not set]", "infinity", "18446744073709551615"}

# Sessions, and instances that the kernel, udev or the console call for: they follow the machine, not the admin.
FOREIGN = re.compile(
    r"^(user|user-runtime-dir|modprobe|container-getty|systemd-(fsck|growfs|makefs|backlight|cryptsetup|swap))@[^.]")
# What systemd names the instances of a socket with Accept=yes: NUMBER-ADDRESS:PORT-ADDRESS:PORT, NUMBER-PID-UID or NUMBER-unknown.
CONNECTION = re.compile(r"@\d+-(?:\d+-\d+|[^/]*:\d+-[^/]*:\d+|unknown)\.service$")

# A unit's properties as systemctl shows them, and units by name.
Unit = Dict[str, str]
Units = Dict[str, Unit]


def parse_show(output: bytes) -> Units:
    """Output of `systemctl show`, as {unit: {property: str}}; a property given several times has several lines."""
    units = {}
    for block in text(output).split("\n\n"):
        properties: Unit = {}
        for line in block.splitlines():
            name, equals, value = line.partition("=")
            if equals:
                properties[name] = properties[name] + "\n" + value if name in properties else value
        if properties.get("Id"):
            units[properties["Id"]] = properties
    return units


def parse_unit_files(output: bytes) -> dict[str, tuple[str, str | None]]:
    """Output of `systemctl list-unit-files --no-legend`, as {name: (state, preset or None)}."""
    rows = (line.split() for line in text(output).splitlines())
    return {row[0]: (row[1], row[2] if len(row) > 2 and row[2] != "-" else None) for row in rows if len(row) > 1}


def is_item(unit: Unit) -> bool:
    """False for what is not declared by anyone: sessions, connections, transient units, instances nothing names."""
    name = unit["Id"]
    if unit.get("LoadState") == "not-found" or unit.get("Transient") == "yes" or FOREIGN.match(name):
        return False
    if not is_instance(name):
        return True
    if CONNECTION.search(name) or ".device" in unit.get("BindsTo", ""):
        return False
    return unit.get("ActiveState") != "inactive" or unit.get("UnitFileState", "").startswith(SWITCHED)


def on_demand(unit: Unit, bus_names: Collection[str]) -> bool:
    """True where only a trigger or a name in bus_names (those D-Bus can start) starts the service, and nothing at boot."""
    if not unit["Id"].endswith(".service") or unit.get("WantedBy") or unit.get("RequiredBy"):
        return False
    return bool(unit.get("TriggeredBy")) or unit.get("BusName") in bus_names


def is_moving(unit: Unit, bus_names: Collection[str]) -> bool:
    """True where a moment later may tell more: a change of state whose end is open."""
    if unit.get("ActiveState") not in MOVING or on_demand(unit, bus_names):
        return False
    works = unit["ActiveState"] == "activating" and _ends(unit)
    return not works and not unit.get("SubState", "").startswith("auto-restart")


def settled(unit: Unit, units: Units, bus_names: Collection[str]) -> str | None:
    """active, inactive or failed; None where the unit declares no activity. units holds its triggers."""
    if on_demand(unit, bus_names):
        return None
    state = unit.get("ActiveState")
    if state in MOVING:
        return "inactive" if _ends(unit) else MOVING[state]
    if state == "inactive" and not _ends(unit) and _is_guarded(unit, units):
        return "active"
    return state


def _ends(unit: Unit) -> bool:
    """A oneshot service is over when it has done its work."""
    return unit.get("Type") == "oneshot" and unit.get("RemainAfterExit") != "yes" and unit["Id"].endswith(".service")


def _is_guarded(unit: Unit, units: Units) -> bool:
    if unit.get("LoadState") != "loaded" or not (unit.get("WantedBy") or unit.get("RequiredBy")):
        return False
    return _is_triggered(unit, units)


def _is_triggered(unit: Unit, units: Units) -> bool:
    """Whether a socket or a path that is active starts the unit."""
    return any(name.endswith((".socket", ".path")) and units.get(name, {}).get("ActiveState") == "active"
               for name in split_names(unit.get("TriggeredBy", "")))


def listens(unit: Unit, units: Units, active: str | None) -> list[str] | None:
    """Addresses that a socket unit was told; an empty list of a service whose sockets are part of its state, for those to be read; None of the rest.

    A service that a socket or a path starts may end while it is idle and begin again, so its sockets say nothing that lasts.
    """
    if unit.get("ActiveState") not in UP:
        return None
    if unit["Id"].endswith(".socket"):
        found = (INTERNET.fullmatch(line) for line in unit.get("Listen", "").splitlines())
        return sorted({"%s %s" % ("tcp" if row.group(2) == "Stream" else "udp", row.group(1)) for row in found if row}) or None
    return [] if unit["Id"].endswith(".service") and active == "active" and not _is_triggered(unit, units) else None


def items(units: Units, bus_names: Collection[str]) -> Items:
    """{unit: fields} of those that are items."""
    return {name: item(unit, units, bus_names) for name, unit in units.items() if is_item(unit)}


def item(unit: Unit, units: Units, bus_names: Collection[str]) -> Item:
    """One unit's fields, without those that need its files (digest, package)."""
    service = unit["Id"].endswith(".service")
    masked = unit.get("LoadState") == "masked"
    tried = unit.get("ConditionTimestampMonotonic", "0") != "0"
    fields: Item = {
        "load": unit.get("LoadState"),
        "active": settled(unit, units, bus_names),
        "enablement": unit.get("UnitFileState"),
        "fragment": None if masked else unit.get("FragmentPath"),
        "dropins": split_paths(unit.get("DropInPaths", "")),
        "user": unit.get("User"),
        "environment_files": environment_files(unit.get("EnvironmentFiles", "")),
        "environment_names": environment_names(unit.get("Environment", "")),
        "condition": unit.get("ConditionResult") == "yes" if tried else None,
        "sub_state": unit.get("SubState"),
        "preset": unit.get("UnitFilePreset"),
        "type": unit.get("Type") if service else None,
        "can_reload": unit.get("CanReload") == "yes" if service else None,
        "programs": programs(unit),
        "relations": {name: sorted(split_names(unit[key])) for name, key in RELATIONS.items() if unit.get(key)},
        "result": unit.get("Result"),
        "last_trigger": None if unit.get("LastTriggerUSec", "") in UNSET else unit["LastTriggerUSec"],
    }
    fields.update({name: int(unit[key]) for name, key in NUMBERS.items() if unit.get(key, "") not in UNSET})
    known = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    addresses = listens(unit, units, fields["active"])
    return known if addresses is None else dict(known, listens=addresses)


def split_paths(value: str) -> list[str]:
    """A list of paths as systemd prints it: by blanks, those inside a path escaped."""
    return [part for part in shlex.split(value) if part] if "\\" in value or '"' in value else value.split()


def split_names(value: str) -> list[str]:
    """A list of unit names as systemd prints it: by blanks; names that hold a backslash are quoted, and the backslash is doubled."""
    return [word[1:-1].replace("\\\\", "\\") if word.startswith('"') else word for word in value.split()]


def environment_files(value: str) -> list[Item]:
    """[{"path", "optional"}] of EnvironmentFiles, one `PATH (ignore_errors=yes|no)` a line."""
    found = []
    for line in value.splitlines():
        path, blank, rest = line.rpartition(" (")
        found.append({"path": path if blank else line, "optional": rest == "ignore_errors=yes)"})
    return found


def environment_names(value: str) -> list[str]:
    """Names of Environment assignments; values are dropped here and go nowhere."""
    try:
        words = shlex.split(value)
    except ValueError:  # quoting that is not a shell's: better no names than parts of values
        return []
    return sorted({word.partition("=")[0] for word in words if re.match(r"[A-Za-z_]\w*=", word)})


def programs(unit: Unit) -> list[str]:
    """Absolute paths that the unit's commands name: programs, and files in arguments such as --config=/etc/x."""
    found = set()
    for line in "\n".join(unit.get(command, "") for command in COMMANDS).splitlines():
        words = line.partition("argv[]=")[2].partition(" ; ignore_errors=")[0].split()
        words.append(line.partition("path=")[2].partition(" ; ")[0])
        for word in words:
            path = "/" + word.partition("/")[2] if word.startswith("/") else word.partition("=")[2]
            if path.startswith("/"):
                found.add(path.rstrip(";\"'"))
    return sorted(found)
