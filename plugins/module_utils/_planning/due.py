# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides whether a twin needs a cycle, and why; the gate, the playbook and the cycle itself use it."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, TypedDict

from . import retry


class Situation(TypedDict):
    """What is known of a twin and its host.

    known: the host has been recorded. paused: why the twin does not follow, or "". domain: the domain's state in libvirt's words, or "" where
    there is none. applying: an apply was begun and not finished. settled: the outcome of the newest revision is recorded. seen: the twin has
    been read. touched: libvirt_twin has changed, started, stopped or reverted the machine since the twin was last read whole. audit_age: seconds
    since then. audit_interval: seconds after which it is to be read whole again. rebooted: the twin's boot is not the one that was recorded, or
    that cannot be ruled out. pending: contents are missing in the store. retry: it is time to fetch package files again. changed: the host
    differs from the newest revision. lost: the last cycle ended because the twin did not answer. verify, resume: the user asks to read the
    whole twin, or to follow again.
    """

    known: bool
    paused: str
    domain: str
    applying: bool
    settled: bool
    lost: bool
    seen: bool
    touched: bool
    audit_age: float
    audit_interval: float
    rebooted: bool
    pending: bool
    retry: bool
    changed: bool
    verify: bool
    resume: bool


class Asked(TypedDict):
    """Values that the head of the store and the domain do not contain; now is in seconds since 1970. Situation describes the rest."""

    now: float
    audit_interval: float
    rebooted: bool
    changed: bool
    verify: bool
    resume: bool


class Due(NamedTuple):
    """A reason for a cycle; whole: the whole twin has to be read before it can be compared."""

    code: str
    sentence: str
    whole: bool = False


Condition = Callable[[Situation], bool]

CHANGED = Due("changed", "The host has changed.")
RETRY = Due("retry", "Package files that could not be fetched are tried again.")

# In the order in which a cycle treats them; a reason that ends the list makes the rest meaningless.
_ENDS: tuple[tuple[Condition, Due], ...] = (
    (lambda now: not now["known"], Due("new", "The host is new.")),
    (lambda now: not now["domain"], Due("absent", "The twin does not exist.")),
)
_REASONS: tuple[tuple[Condition, Due], ...] = (
    (lambda now: now["domain"] != "running", Due("stopped", "The twin is not running.")),
    (lambda now: now["lost"], Due("lost", "The twin runs and did not answer the last sync.")),
    (lambda now: now["applying"], Due("unfinished", "The last cycle was interrupted while it changed the twin.", True)),
    (lambda now: not now["settled"], Due("unsettled", "The newest state of the host has not been applied completely.")),
    (lambda now: not now["seen"], Due("unread", "The twin has not been read yet.", True)),
    (lambda now: now["touched"], Due("touched", "The virtual machine was changed, restarted or reverted.", True)),
    (lambda now: now["rebooted"], Due("rebooted", "The twin may have rebooted.", True)),
    (lambda now: now["audit_age"] > now["audit_interval"], Due("audit", "The audit is due.", True)),
    (lambda now: now["verify"], Due("verify", "The user asked to read the whole twin.", True)),
    (lambda now: now["pending"], Due("pending", "File contents are missing.")),
    (lambda now: now["retry"], RETRY),
    (lambda now: now["changed"], CHANGED),
)


def situation(head: Mapping[str, Any] | None, twin: Mapping[str, Any] | None, asked: Asked) -> Situation:
    """The situation from the store's head of a host (None if it is new), the twin's domain (None if it does not exist), and what is asked."""
    known: Mapping[str, Any] = head or {
        "paused": "", "applying": "", "settled": False, "lost": False, "seen": False, "touched": 0, "audited": 0, "fidelity": {},
    }
    return {
        "known": head is not None, "paused": known["paused"], "domain": twin["state"] if twin else "", "applying": bool(known["applying"]),
        "settled": bool(known["settled"]), "lost": bool(known["lost"]), "seen": bool(known["seen"]),
        "touched": twin is not None and twin["touched"] != known["touched"],
        "audit_age": abs(asked["now"] - known["audited"]), "audit_interval": asked["audit_interval"], "rebooted": asked["rebooted"],
        "pending": bool(known["fidelity"].get("pending")), "retry": retry.is_due(known["fidelity"].get("retry_at", 0), asked["now"]),
        "changed": asked["changed"], "verify": asked["verify"], "resume": asked["resume"],
    }


def due(now: Situation) -> list[Due]:
    """The reasons for a cycle; empty if the twin needs none. A paused twin needs one only to record a changed host."""
    if now["paused"] and not now["resume"]:
        return [CHANGED] if now["changed"] else []
    for holds, reason in _ENDS:
        if holds(now):
            return [reason]
    found: list[Due] = [Due("resume", "The user asked to resume the twin.", True)] if now["paused"] else []
    return found + [reason for holds, reason in _REASONS if holds(now)]


def reads_whole(reasons: list[Due]) -> bool:
    """Whether one of the reasons makes the cycle read the whole twin."""
    return any(reason.whole for reason in reasons)
