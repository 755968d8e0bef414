# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases services and daemon-reload: one call of systemctl for each kind of job, one to look before and after.

A step's key is a unit, or `user@NAME/UNIT` for a unit of a user's own manager; `want.active` is the goal. The verbs
`restart` and `reload` tell that what the unit has read changed; every other verb means its state alone. Enablement is
links, and links are files.
"""

from __future__ import annotations

import collections
import re
import time
from typing import Iterable, Mapping, NamedTuple, Sequence

from ..._base.errors import TwinError
from ..._base.run import check, run
from ..model import Items, Spool
from ..parts import Applier, Step
from ..step_result import CHANGED, UNCHANGED, Done, failed
from .listens import add_listens
from .policy import listens_differ

UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]+")
PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result", "ExecMainStatus", "Job")
PATIENCE = 60  # seconds for jobs, and once more for states, to settle
RELOADED, STARTED = 5, 30  # seconds that a unit gets to listen where its host's does: after a reload, or where it ran already, and after a start
GRACE = 5  # seconds that a unit gets to fail as it does on the host


class State(NamedTuple):
    """The PROPERTIES of a unit."""

    load: str
    active: str
    sub: str
    result: str
    status: str
    job: str


def apply(steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """Bring units to their wanted state, each manager in one batch."""
    done: dict[str, Done] = {}
    for user, mine in _by_manager(steps, done).items():
        done.update(_bring(_systemctl(user), mine))
    return done


def leave(steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """Stop units that go, and forget that they failed, so that nothing of them stays loaded."""
    done: dict[str, Done] = {}
    for user, mine in _by_manager(steps, done).items():
        systemctl = _systemctl(user)
        before = _show(systemctl, mine)
        jobs = {"stop": [unit for unit in mine if _up(before[unit])]}
        lines = _tell(systemctl, jobs)
        after = _settle(systemctl, dict.fromkeys(mine, "inactive")) if jobs["stop"] else before
        _tell(systemctl, {"reset-failed": [unit for unit in mine if after[unit].active == "failed"]})
        for unit, step in mine.items():
            changed = after[unit] != before[unit] or after[unit].active == "failed"
            done[step["id"]] = Done(changed, None)
            if _up(after[unit]):
                done[step["id"]] = failed("%s does not stop: %s" % (unit, _complaint(lines, unit) or after[unit].sub), changed)
    return done


def reload_managers(steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """One daemon-reload for each manager; the key is empty for the system's, `user@NAME` for a user's."""
    done = {}
    for step in steps:
        user = step["key"][len("user@") :].rstrip("/") if step["key"].startswith("user@") else ""
        try:
            check(
                _systemctl(user) + ["daemon-reload"],
                "Reloading the units%s" % (" of " + user if user else ""),
                timeout=PATIENCE,
            )
            done[step["id"]] = CHANGED
        except TwinError as error:
            done[step["id"]] = failed(error)
    return done


def _by_manager(steps: Sequence[Step], done: dict[str, Done]) -> dict[str, dict[str, Step]]:
    """{user or "": {unit: step}}; a key that is no unit's name fails here, before systemctl takes it for a pattern."""
    managers: dict[str, dict[str, Step]] = collections.defaultdict(dict)
    for step in steps:
        owner, slash, unit = step["key"].rpartition("/")
        user = owner[len("user@") :] if owner.startswith("user@") else ""
        if not UNIT.fullmatch(unit) or (slash and not user):
            done[step["id"]] = failed("%r is not the name of a unit." % step["key"])
        else:
            managers[user][unit] = step
    return managers


def _systemctl(user: str) -> list[str]:
    return ["systemctl", "--user", "-M", user + "@"] if user else ["systemctl"]


def _bring(systemctl: list[str], mine: Mapping[str, Step]) -> dict[str, Done]:
    before = _show(systemctl, mine)
    jobs: dict[str, list[str]] = {job: [] for job in ("stop", "reset-failed", "restart", "start", "reload-or-restart")}
    told = {}
    for unit, step in mine.items():
        job = _job(step, before[unit])
        if job:
            jobs[job].append(unit)
            told[unit] = _goal(step)
    lines = _tell(systemctl, jobs)
    after = dict(before, **_settle(systemctl, told)) if told else before
    listening = {unit: step for unit, step in mine.items() if (step["want"] or {}).get("listens") is not None and after[unit].active == _goal(step) == "active"}
    restarted = list(_elsewhere({unit: step for unit, step in listening.items() if unit not in jobs["restart"] + jobs["start"]}, RELOADED))
    if restarted:
        told.update((unit, "active") for unit in restarted)
        lines += _tell(systemctl, {"restart": restarted})
        after.update(_settle(systemctl, dict.fromkeys(restarted, "active")))
    elsewhere = _elsewhere(listening, STARTED)
    return {step["id"]: _verdict(unit, step, after[unit] if unit in told else None, lines, elsewhere.get(unit)) for unit, step in mine.items()}


def _elsewhere(steps: Mapping[str, Step], patience: float) -> dict[str, list[str]]:
    """{unit: where it listens} of those that do not listen where they are wanted to, once all do or when patience ends."""
    ends = time.monotonic() + patience
    while True:
        items: Items = {step["key"]: {"listens": list((step["want"] or {})["listens"] if unit.endswith(".socket") else ())} for unit, step in steps.items()}
        add_listens(items, [])
        found = {unit: items[step["key"]].get("listens", []) for unit, step in steps.items()}
        elsewhere = {unit: places for unit, places in found.items() if places != (steps[unit]["want"] or {})["listens"]}
        if not elsewhere or time.monotonic() >= ends:
            return elsewhere
        time.sleep(0.5)


def _goal(step: Step) -> str | None:
    return step["want"].get("active") if step["want"] else None


def _job(step: Step, state: State) -> str | None:
    """The job that leads from a state to the step's goal, or None."""
    goal = _goal(step)
    if goal == "inactive":
        return "stop" if _up(state) else ("reset-failed" if state.active == "failed" else None)
    if goal == "failed":
        # it may fail here as it does there; if it does not, verification says so
        return None if _failing(state) else ("restart" if _up(state) else "start")
    if not _up(state):
        return "start"
    return {"restart": "restart", "reload": "reload-or-restart"}.get(step["verb"])


def _up(state: State) -> bool:
    return state.active in ("active", "reloading", "activating", "refreshing", "maintenance")


def _failing(state: State) -> bool:
    """Failed, or failing again and again."""
    return state.active == "failed" or state.sub.startswith("auto-restart")


def _tell(systemctl: list[str], jobs: Mapping[str, list[str]]) -> list[str]:
    """Give each job to all its units at once; returns the lines systemctl complained in, but who succeeded is read back."""
    lines = []
    for job, units in jobs.items():
        if units:
            result = run(systemctl + [job, "--"] + units, timeout=PATIENCE)
            lines += result.err.decode("utf-8", "replace").splitlines() if result.rc else []
    return lines


def _complaint(lines: Iterable[str], unit: str) -> str:
    """What systemctl said of one unit."""
    return " / ".join(line.strip() for line in lines if re.search(r"(?<![\w@.\\-])%s(?![\w@\\-])" % re.escape(unit), line))


def _show(systemctl: list[str], units: Iterable[str]) -> dict[str, State]:
    """{unit: State} in one call; systemctl answers in the order of the names."""
    names = list(units)
    out = check(systemctl + ["show", "--property=" + ",".join(PROPERTIES), "--"] + names, "Reading %d units" % len(names))
    blocks = out.decode("utf-8", "replace").rstrip("\n").split("\n\n")
    if len(blocks) != len(names):
        raise TwinError("systemctl told of %d units where %d were asked for; the next cycle asks again." % (len(blocks), len(names)))
    return {name: _state(block) for name, block in zip(names, blocks)}


def _state(block: str) -> State:
    values = dict(line.partition("=")[::2] for line in block.splitlines())
    return State(*(values.get(name, "") for name in PROPERTIES))


def _settle(systemctl: list[str], goals: Mapping[str, str | None]) -> dict[str, State]:
    """{unit: State} once no unit is on its way any more, or when patience ends."""
    start = time.monotonic()
    while True:
        states = _show(systemctl, goals)
        waited = time.monotonic() - start
        if waited > PATIENCE or not any(_moving(states[unit], goal, waited) for unit, goal in goals.items()):
            return states
        time.sleep(0.2)


def _moving(state: State, goal: str | None, waited: float) -> bool:
    if goal == "failed" and _up(state) and not _failing(state) and waited < GRACE:
        return True
    between = state.active in ("activating", "deactivating", "reloading", "refreshing") and not state.sub.startswith("auto-restart")
    return between or state.job not in ("", "0")


def _verdict(unit: str, step: Step, state: State | None, lines: Iterable[str], elsewhere: list[str] | None = None) -> Done:
    """elsewhere: the sockets of a unit that listens on other ones than it should."""
    if state is None:
        return UNCHANGED
    if elsewhere is not None and state.active == "active":
        return Done(True, listens_differ((step["want"] or {})["listens"], elsewhere))
    goal, said = _goal(step), _complaint(lines, unit)
    # a condition did not hold, or a short run is over: systemd calls that a success, and verification compares
    ended = state.active == "inactive" and state.result == "success" and not said
    if goal != "active" or ended or (state.active == goal and state.job in ("", "0")):
        return CHANGED
    why = "%s, status %s" % (state.result, state.status or "unknown") if _failing(state) else (said or state.sub)
    tip = "" if state.load == "not-found" else ": `journalctl -u %s` in the twin tells more" % unit
    return failed("%s is %s and not active (%s)%s." % (unit, state.active, why, tip), True)


APPLIERS: dict[str, Applier] = {"stop": leave, "daemon-reload": reload_managers, "run": apply}
