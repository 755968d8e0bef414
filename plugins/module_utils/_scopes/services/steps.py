# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of units: daemon-reload, start, stop, restart, reload. The scope files writes unit files and enablement links."""

from __future__ import annotations

from ..model import Change, Item
from ..parts import Order, PlanContext, Planner, Reach, Step, step_of

STOP, RELOAD, RUN = "services.stop", "services.daemon-reload", "services.run"
RELOAD_ID = RELOAD + ":"
# The order in which one call of systemctl for each verb is made.
VERBS = ("stop", "reset-failed", "restart", "start", "reload")
# Paths that systemd reads units from, or that its generators read: when one changes, systemd has to reload.
UNIT_SOURCES = (
    "/etc/systemd/system/", "/etc/systemd/system.control/", "/etc/systemd/system-generators/", "/usr/lib/systemd/system/",
    "/usr/lib/systemd/system-generators/", "/usr/local/lib/systemd/system/", "/lib/systemd/system/", "/etc/init.d/",
    "/etc/rc0.d/", "/etc/rc1.d/", "/etc/rc2.d/", "/etc/rc3.d/", "/etc/rc4.d/", "/etc/rc5.d/", "/etc/rc6.d/", "/etc/rcS.d/",
    "/etc/fstab", "/etc/crypttab",
)
# Fields that differ although the files are equal: systemd has not read them yet.
READ_BY_SYSTEMD = {"load", "fragment", "dropins"}


def steps(context: PlanContext) -> list[Step]:
    """Steps of all units, and the reload of systemd's own configuration where unit files change."""
    reloads = any(_stales_units(change) for change in context.changes)
    busy = bool(context.earlier) or reloads
    made = _reload() if reloads else []
    return made + _run(context, busy, reloads)


def _reload() -> list[Step]:
    change = Change("services", "", None, {}, ())
    step = step_of(change, RELOAD, "daemon-reload", "unit files changed")
    step["id"] = RELOAD_ID
    return [step]


def _stales_units(change: Change) -> bool:
    if change.scope == "files":
        kept = change.have and change.want and not {"type", "target", "digest"}.intersection(change.fields)
        return change.key.startswith(UNIT_SOURCES) and not kept
    return change.scope == "services" and change.want is not None and bool(READ_BY_SYSTEMD.intersection(change.fields))


def _run(context: PlanContext, busy: bool, reloads: bool) -> list[Step]:
    """busy: the plan does something else, which may be what a unit that could not start was waiting for."""
    present = context.actual["services"]["items"] if "services" in context.actual else {}
    wanted = context.desired["services"]["items"] if "services" in context.desired else {}
    needs = _Needs(context.earlier, reloads)
    told: dict[str, Step] = {}
    for change in context.changes:
        if change.scope == "services":
            verb, because = _activity(change, present.get(change.key, {}), busy)
            if verb:
                batch = STOP if change.want is None else RUN
                told[change.key] = step_of(change, batch, verb, because, needs.of(change, wanted.get(change.key, {})))
    for unit, reach in context.reached.items():
        if unit not in told:
            change = Change("services", unit, _running(present[unit]), _running(wanted[unit]), ())
            needed = needs.of(change, wanted[unit]) + [step for step in reach["because"] if step in context.earlier]
            told[unit] = step_of(change, RUN, reach["verb"], _reached(unit, reach), needed)
    return sorted(told.values(), key=lambda step: (VERBS.index(step["verb"]), step["key"]))


class _Needs:
    """The steps without which a unit cannot run as it does on its host: its files, its package, its user, and systemd's reload of its files."""

    def __init__(self, earlier: dict[str, Step], reloads: bool) -> None:
        self.earlier, self.reloads = earlier, reloads
        self.packages = {step["key"].rpartition(":")[0]: name for name, step in earlier.items() if step["scope"] == "packages"}

    def of(self, change: Change, item: Item) -> list[str]:
        """Ids of the steps that one unit needs; none where it is not to run."""
        if (change.want or {}).get("active") != "active":
            return []
        unit_files = [item.get("fragment"), *item.get("dropins", ())]
        own = [step for step in map("files:{}".format, unit_files) if step in self.earlier]
        environment = ["files:%s" % entry["path"] for entry in item.get("environment_files", ()) if not entry["optional"]]
        needed: list[str] = [*own, *environment, "accounts:user:%s" % item.get("user"), self.packages.get(item.get("package", ""), "")]
        stale = self.reloads and (own or READ_BY_SYSTEMD.intersection(change.fields))
        return [step for step in needed if step in self.earlier] + ([RELOAD_ID] if stale else [])


def _activity(change: Change, item: Item, busy: bool) -> tuple[str, str]:
    """(verb, because) that brings a unit to the activity its host's has, or two empty texts."""
    is_now = (change.have or {}).get("active", "inactive")
    if change.want is None:
        runs = is_now in ("active", "failed") or item.get("sub_state") == "running"
        return ("stop", "the host does not have it") if runs else ("", "")
    goal = change.want.get("active")
    if goal is None or goal == is_now:
        return "", ""
    because = "%s on the host, %s in the twin" % (goal, is_now)
    if goal == "inactive":
        return ("stop" if is_now == "active" else "reset-failed"), because
    if goal == "failed":
        return ("restart" if is_now == "active" else "start"), because + ": it fails on the host, too"
    if item.get("condition") is False and not busy:
        return "", ""  # nothing changed that its condition could depend on
    return "start", because


def _running(item: Item) -> Item:
    return {name: item[name] for name in ("active", "listens") if name in item}


def _reached(unit: str, reach: Reach) -> str:
    causes = [because for because in reach["because"] if because != "services:" + unit]
    if not causes:
        return "%ss: it listens elsewhere than on the host" % reach["verb"]
    first, more = causes[0].partition(":")[2], len(causes) - 1
    return "%s: %s changed%s" % (reach["verb"] + "s", first, " (and %d more)" % more if more else "")


STEPS = Planner({
    STOP: Order(),
    RELOAD: Order(after=("files.place", "packages.change", STOP)),
    RUN: Order(after=("accounts.ensure", "files.place", "packages.change", RELOAD, STOP)),
}, steps)
