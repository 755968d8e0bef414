# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads systemd units and the services of other supervisors.

Keys: `foo.service` (the system's units), `foo@.service` (a template: its files and enablement), `user@NAME/foo.service`
(units of a lingering user), `sysv:NAME` (init scripts where systemd does not run), `supervisor:NAME`, `snap:SNAP.NAME`.

A harvest of a machine whose unit files did not change is one call of systemctl: it asks for what is loaded, and answers
for what is not are kept with the stamp of the unit directories.
"""
from __future__ import annotations

import os
import time
from typing import Any, Collection

from ..._base.errors import TwinError
from ..._base.run import check
from ..context import Context, result
from ..model import Body, Item, Items
from ..packages.dpkg import modern
from ..schema import desired
from . import supervisors as other
from . import systemd
from .content import add_content
from .listens import add_listens
from .unit_files import GLOBS, RUNNING, Tree, admin_mounts, is_template, scan, wanted_targets
from .user_units import user_units

SYSTEM = ["systemctl"]
OTHERS = ("user@", "sysv:", "supervisor:", "snap:")
POLLS, PAUSE = 4, 0.5  # how often and for how many seconds a unit on its way is looked at again
BUS_NAMES = tuple(base + "/dbus-1/system-services" for base in ("/usr/share", "/usr/local/share", "/run"))


def collect(context: Context) -> Body:
    """The scope `services`; a source that cannot be read is named in the note, and the rest goes on."""
    booted = os.path.isdir("/run/systemd/system")
    items = _system_units(context) if booted else {}
    notes = [] if booted else ["systemd does not run on this machine."]
    sources = {"supervisor": other.supervisor, "snap": other.snaps}
    if booted:
        sources["user"] = lambda: user_units(context, show)
    else:
        sources["sysv"] = other.init_scripts
    for name, source in sources.items():
        try:
            found = source()
        except TwinError as error:
            # What was known stays known: a source that is silent for a moment must not look like services removed.
            found = context.cache.get("sources", {}).get(name, {})
            context.missed.append(str(error))
        if context.only is None:
            # Without what only moves: an unchanged harvest has nothing new to remember.
            kept = {key: desired("services", key, fields) for key, fields in found.items()}
            context.cache.setdefault("sources", {})[name] = kept
        items.update((key, dict(fields)) for key, fields in found.items())
    add_listens(items, context.missed)
    items = context.wanted(items)
    excluded = add_content(context, items)
    if any(key.startswith("sysv:") for key in items):
        context.missed.append("Whether the services of init scripts run is unknown: only the scripts could tell, and they are not executed.")
    return result(items, excluded, note=" ".join(notes + context.missed), status="ok" if items or booted else "empty")


def show(command: list[str], names: Collection[str], **options: Any) -> systemd.Units:
    """{unit: {property: str}} of the units; names may be globs, which match loaded units."""
    argv = command + ["show", "--all", "--no-pager", "--property=" + ",".join(systemd.PROPERTIES), "--"]
    return systemd.parse_show(check(argv + sorted(names), "Reading units with systemctl", **options)) if names else {}


def _system_units(context: Context) -> Items:
    bus_names = _bus_names()
    if context.only is not None:
        return _only(context.only, bus_names)
    tree = scan()
    units = _at_rest(show(SYSTEM, GLOBS + sorted(_named(tree))), bus_names)
    kept = _kept(context.cache, tree, units, bus_names)
    items = {name: dict(fields) for name, fields in kept.items() if fields and name not in units}
    items.update(systemd.items(units, bus_names))
    return items


def _named(tree: Tree) -> set[str]:
    """The items of kinds of which not all are items."""
    return wanted_targets(tree) | admin_mounts(tree) | {"default.target"}


def _only(keys: Collection[str], bus_names: set[str]) -> Items:
    """A few units and nothing else, with the triggers their state depends on."""
    names = {key for key in keys if not key.startswith(OTHERS)}
    others = {name for name in names if not name.endswith(RUNNING)}
    if others:
        names -= others - _named(scan())
    templates = {name for name in names if is_template(name)}
    units = show(SYSTEM, names - templates)
    triggers = {name for unit in units.values() for name in systemd.split_names(unit.get("TriggeredBy", ""))}
    units.update(show(SYSTEM, triggers - set(units)))
    items = systemd.items(_at_rest(units, bus_names), bus_names)
    if templates:
        items.update(_templates(scan().templates, templates))
    return items


def _at_rest(units: systemd.Units, bus_names: set[str]) -> systemd.Units:
    """The units again, those on their way after they arrived or POLLS looks, whichever is first."""
    for _poll in range(POLLS):
        moving = [name for name, unit in units.items() if systemd.is_moving(unit, bus_names) and systemd.is_item(unit)]
        if not moving:
            break
        time.sleep(PAUSE)
        units.update(show(SYSTEM, moving))
    return units


def _kept(cache: dict[str, Any], tree: Tree, units: systemd.Units, bus_names: set[str]) -> dict[str, Item | None]:
    """{name: fields, or None for what is no item} of unit files that are not loaded, and of templates."""
    if cache.get("stamp") != tree.stamp:
        cache.update(stamp=tree.stamp, files=_templates(tree.templates, set(tree.templates)))
    loaded = {alias for unit in units.values() for alias in systemd.split_names(unit.get("Names", ""))}
    wanted = {name for name in set(tree.names) | tree.linked if name.endswith(RUNNING)}
    unknown = wanted - loaded - set(cache["files"])
    found = show(SYSTEM, unknown)
    cache["files"].update(dict.fromkeys(unknown), **systemd.items(found, bus_names))
    files: dict[str, Item | None] = cache["files"]
    return files


def _templates(paths: dict[str, str], names: set[str]) -> Items:
    if not names:
        return {}
    argv = SYSTEM + ["list-unit-files", "--full", "--no-legend", "--no-pager", "--"] + sorted(names)
    states = systemd.parse_unit_files(check(argv, "Listing unit files with systemctl"))
    items = {}
    for name in names & set(paths):
        state, preset = states.get(name, (None, None))
        fields = {"load": "loaded", "enablement": state, "fragment": modern(paths[name]), "preset": preset}
        if state and state.startswith("masked"):
            fields.update(load="masked", fragment=None)
        items[name] = {field: value for field, value in fields.items() if value is not None}
    return items


def _bus_names() -> set[str]:
    """Names whose services D-Bus can start."""
    found: set[str] = set()
    for directory in BUS_NAMES:
        if os.path.isdir(directory):
            found.update(name[:-len(".service")] for name in os.listdir(directory))
    return found
