# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes to steps: what is done in the twin, in which order, and why, in words."""
from __future__ import annotations

from .._scopes.schema import PHASES

# A change below these makes systemd's picture of its units stale: unit files, links between them, what generators read.
UNIT_SOURCES = (
    "/etc/systemd/system/", "/etc/systemd/system.control/", "/etc/systemd/system-generators/", "/usr/lib/systemd/system/",
    "/usr/lib/systemd/system-generators/", "/usr/local/lib/systemd/system/", "/lib/systemd/system/", "/etc/init.d/",
    "/etc/rc0.d/", "/etc/rc1.d/", "/etc/rc2.d/", "/etc/rc3.d/", "/etc/rc4.d/", "/etc/rc5.d/", "/etc/rc6.d/", "/etc/rcS.d/",
    "/etc/fstab", "/etc/crypttab",
)
# These say what systemd has read: where they differ and the files do not, it has not read them yet.
READ_BY_SYSTEMD = {"load", "fragment", "dropins"}
VERBS = ("stop", "reset-failed", "restart", "reload", "start")


def plan(changes, impact, desired, actual):
    """{"steps": [{"id", "phase", "verb", "scope", "key", "want", "have", "because"}]} in order of application.

    changes as from diff.diff, impact as from impact.dependents, desired and actual the scopes both were made from.
    """
    steps = [
        _step(change.scope, "remove" if change.want is None else "ensure", change, _because(change))
        for change in changes if change.scope != "services"
    ]
    if any(_stales_units(change) for change in changes):
        steps.append({
            "id": "daemon-reload:", "phase": "daemon-reload", "verb": "daemon-reload", "scope": "services", "key": "",
            "want": {}, "have": None, "because": "unit files changed",
        })
    steps += _services(changes, impact, desired, actual, bool(steps))
    return {"steps": sorted(steps, key=_order)}


def _step(phase, verb, change, because):
    return {
        "id": "%s:%s" % (change.scope, change.key), "phase": phase, "verb": verb, "scope": change.scope, "key": change.key,
        "want": change.want, "have": change.have, "because": because,
    }


def _because(change):
    if change.want is None:
        return "the host does not have it"
    if change.have is None:
        return "the twin does not have it"
    words = ["content" if name == "digest" else name for name in change.fields if name != "size" or "digest" not in change.fields]
    return "%s %s" % (", ".join(words), "differs" if len(words) == 1 else "differ")


def _stales_units(change):
    if change.scope == "files":
        kept = change.have and change.want and not {"type", "target", "digest"}.intersection(change.fields)
        return change.key.startswith(UNIT_SOURCES) and not kept
    return change.scope == "services" and change.want is not None and bool(READ_BY_SYSTEMD.intersection(change.fields))


def _services(changes, impact, desired, actual, busy):
    """Steps that start, stop, restart and reload. Files say what a unit is; here it only comes to run as it should.

    busy: the plan does something else, which may be what a unit that could not start was waiting for.
    """
    present = actual["services"]["items"] if "services" in actual else {}
    wanted = desired["services"]["items"] if "services" in desired else {}
    told = {}
    for change in changes:
        if change.scope == "services":
            verb, because = _activity(change, present.get(change.key, {}), busy)
            if verb:
                told[change.key] = _step("services", verb, change, because)
    for unit, reach in impact.items():
        if unit not in told:
            told[unit] = {
                "id": "services:" + unit, "phase": "services", "verb": reach["verb"], "scope": "services", "key": unit,
                "want": _activity_of(wanted[unit]), "have": _activity_of(present[unit]), "because": _reached(reach),
            }
    return list(told.values())


def _activity(change, item, busy):
    """(verb, because) that brings a unit to the activity its host's has, or (None, None)."""
    is_now = (change.have or {}).get("active", "inactive")
    if change.want is None:
        runs = is_now in ("active", "failed") or item.get("sub_state") == "running"
        return ("stop", "the host does not have it") if runs else (None, None)
    goal = change.want.get("active")
    if goal is None or goal == is_now:
        return None, None
    because = "%s on the host, %s in the twin" % (goal, is_now)
    if goal == "inactive":
        return ("stop" if is_now == "active" else "reset-failed"), because
    if goal == "failed":
        return ("restart" if is_now == "active" else "start"), because + ": let it fail likewise"
    if item.get("condition") is False and not busy:
        return None, None  # nothing changed that its condition could depend on
    return "start", because


def _activity_of(item):
    return {"active": item["active"]}


def _reached(reach):
    first = reach["because"][0].partition(":")[2]
    more = len(reach["because"]) - 1
    return "%s: %s changed%s" % (reach["verb"] + "s", first, " (and %d more)" % more if more else "")


def _order(step):
    """Phases in turn; what goes before what comes, and in trees children go before parents, parents come before children."""
    phase = PHASES.index(step["phase"])
    if step["phase"] == "services":
        return phase, VERBS.index(step["verb"]), 0, step["key"]
    going = step["want"] is None
    return phase, 0 if going else 1, -step["key"].count("/") if going else 0, step["key"]
