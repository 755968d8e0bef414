# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reason codes of the fidelity report, which say why a twin differs from its host.

A reason is written `CODE` or `CODE: detail`.
"""
from __future__ import annotations

from typing import NamedTuple

REPRODUCED = "reproduced"
DEGRADED = "degraded"  # in the twin, but not with every field
IMPOSSIBLE = "impossible"  # not in the twin


class Reason(NamedTuple):
    """The level of an item with this reason, and the reason as a sentence."""

    level: str
    sentence: str


REASONS = {
    # decided by redaction on the host
    "secret_excluded": Reason(IMPOSSIBLE, "It holds a secret, and secrets do not leave the host."),
    "identity": Reason(REPRODUCED, "It belongs to the host's identity. The twin has its own identity."),
    "excluded": Reason(IMPOSSIBLE, "The options of this twin exclude it."),
    "file_too_large": Reason(IMPOSSIBLE, "It is larger than the limit for carried files."),
    "unreadable": Reason(IMPOSSIBLE, "It could not be read."),
    "vanished": Reason(IMPOSSIBLE, "It changed or vanished while it was read; the next cycle reads it again."),
    "special_file": Reason(IMPOSSIBLE, "Sockets, pipes and devices are created by the programs that use them."),
    "other_filesystem": Reason(IMPOSSIBLE, "Another file system is mounted there. Add the path to twin_roots to mirror it."),
    # decided when data from machines is checked
    "invalid": Reason(IMPOSSIBLE, "The machine described it in a way that breaks the rules of the state format."),
    "invalid_last_kept": Reason(DEGRADED, "The machine described it in a way that breaks the rules of the state format. Its last valid state is kept."),
    # decided by policy
    "safetytwin_self": Reason(IMPOSSIBLE, "It belongs to the SafetyTwin installation on this host."),
    "twin_substrate": Reason(DEGRADED, "The twin needs its own version to boot and to be managed."),
    "hardware_capped": Reason(DEGRADED, "The twin is given less than the host has."),
    "hardware_absent": Reason(IMPOSSIBLE, "A virtual machine has no such part."),
    "condition_differs": Reason(DEGRADED, "A condition in the unit holds on one of the two machines only."),
    "address_absent": Reason(DEGRADED, "It listens on an address of its host, which the twin does not have."),
    "not_converged": Reason(IMPOSSIBLE, "This kind of item is recorded, but not yet reproduced."),
    # found by converge and verify
    "package_version_gone": Reason(DEGRADED, "No repository of the host has this version any more."),
    "package_unavailable": Reason(IMPOSSIBLE, "No repository of the host has this package."),
    "repository_unreadable": Reason(DEGRADED, "A repository of the host could not be read, and no other one has this version; a later sync tries again."),
    "package_not_fetched": Reason(IMPOSSIBLE, "Its package file could not be fetched; a later sync tries again."),
    "content_pending": Reason(DEGRADED, "Its content has not arrived yet. The next cycle requests it."),
    "needs_excluded": Reason(DEGRADED, "It depends on an item that was left out."),
    "dependency_failed": Reason(DEGRADED, "A step that it depends on failed in the twin, so it was skipped."),
    "apply_failed": Reason(DEGRADED, "Applying it failed in the twin."),
    "listens_differ": Reason(DEGRADED, "It does not listen on the addresses and ports of its host."),
    "differs": Reason(DEGRADED, "It was applied, and still differs."),
    "drifted": Reason(DEGRADED, "It was changed in the twin and left as it is."),
    "scope_failed": Reason(IMPOSSIBLE, "The scope could not be read on the host."),
    "twin_extra": Reason(DEGRADED, "The twin has it and the host does not."),
}


def code_of(reason: str) -> str:
    """The code of a reason written `CODE` or `CODE: detail`."""
    return reason.partition(":")[0]


def explain(reason: str) -> str:
    """A reason as a sentence, followed by its detail in brackets."""
    code, colon, detail = reason.partition(":")
    sentence = REASONS[code].sentence
    return "%s (%s)" % (sentence, detail.strip()) if colon else sentence
