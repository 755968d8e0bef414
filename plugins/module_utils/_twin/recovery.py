# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a twin that does not answer on ssh, decided from what is seen of it. Pure.

It may still boot, be switched off, hang, or have lost its network. A guest that hangs is known by its silence: neither its console log grows nor does
its guest agent answer.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

WAIT, START, REPAIR, RESET, RESET_SLIM, GIVE_UP = "wait", "start", "repair", "reset", "reset with one vCPU", "give up"

# What a cycle may do: nothing (check mode), start a machine that is off, or all of it.
NOTHING, STARTS, EVERYTHING = 0, 1, 2

BEYOND = 60.0  # seconds that a twin may take beyond its known boot time, and after its network was set up again
STALL = 180.0  # seconds of silence that no boot has, however slow the machine: one that emulates on two busy processors boots in 50
REPAIR_AFTER = 30.0  # seconds in which ssh follows the guest agent, on a machine whose boot time is known
LOOK = 15.0  # seconds for a twin that the last cycle gave up
BOOTS = 4  # boots that one cycle may begin
RESETS = 2  # resets until the twin answers
# A kernel that prints these does not get further, though it prints on: with emulated processors, a timer of one of them was lost.
STALLS = (b"detected stalls on CPU", b"self-detected stall on CPU", b"kthread timer wakeup didn't happen")


class Seen(NamedTuple):
    """A twin that does not answer on ssh; times in seconds.

    state: its domain's. waited: since the wait began, or since the last action. quiet: since its console or its agent last said anything.
    agent: for how long its agent has answered, 0 where it does not. boots: boots that this cycle began. repaired: whether its network was set up again
    in this boot. resets: resets since it last answered on ssh.
    """

    state: str
    waited: float
    quiet: float
    agent: float
    boots: int
    repaired: bool
    resets: int


class Limits(NamedTuple):
    """patience: seconds for a boot of unknown length. boot: seconds that its boots took, None where that is not known. lost: the last cycle gave it up.

    acts: what may be done.
    """

    patience: float
    boot: float | None
    lost: bool
    acts: int


def limits(request: Mapping[str, Any], known: Mapping[str, Any]) -> Limits:
    """From the options of the module twin_converge, and what the store knows of the twin."""
    acts = NOTHING if request["check"] else EVERYTHING if request["unresponsive"] == "reset" else STARTS
    boots = known["boots"] if known["seen"] else []  # the first boot of a machine is longer than all others
    return Limits(request["patience"], max(boots, default=None), known["lost"], acts)


def decide(seen: Seen, limits: Limits) -> str:
    """The next action."""
    if seen.state != "running":
        return START if limits.acts >= STARTS and seen.boots < BOOTS else GIVE_UP
    limit = _limit(seen, limits)
    if _repairable(seen, limits, limit):
        return REPAIR
    silent = seen.agent == 0 and seen.quiet >= STALL
    hangs = seen.waited >= limit and (seen.agent > 0 or seen.quiet >= min(BEYOND, limit))
    if not (silent or hangs or seen.waited >= max(limit, limits.patience)):
        return WAIT
    if limits.acts < EVERYTHING or seen.resets >= RESETS:
        return GIVE_UP
    return RESET_SLIM if seen.resets else RESET


def _limit(seen: Seen, limits: Limits) -> float:
    """Seconds that may pass without an answer."""
    if seen.repaired:
        return BEYOND
    if limits.lost and not seen.boots:
        return LOOK
    return limits.patience if limits.boot is None else min(limits.patience, limits.boot + BEYOND)


def _repairable(seen: Seen, limits: Limits, limit: float) -> bool:
    """Whether the agent of a twin that has booted answers, and ssh does not; at its first boot, ssh comes late."""
    if limits.acts < EVERYTHING or seen.repaired or seen.agent == 0:
        return False
    if limits.lost and not seen.boots:
        return seen.resets < RESETS  # it has had its time; after all resets, this did not help either
    return seen.agent >= min(STALL if limits.boot is None else REPAIR_AFTER, limit)


def stalled(console: bytes) -> bool:
    """Whether a console says that its kernel got stuck."""
    return any(words in console for words in STALLS)
