# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan, phase by phase."""

from __future__ import annotations

import collections
import time

from .._base.errors import TwinError
from .._scopes.accounts import apply as accounts
from .._scopes.files import apply as files
from .._scopes.packages import apply as packages
from .._scopes.services import apply as services
from .._scopes.step_result import failed


def _leaving(step):
    return step["want"] is None


def _staying(step):
    return step["want"] is not None


def _every(step):
    return True


# What goes is stopped before its package or file goes, and accounts go last, when nothing runs as them any more.
ORDER = (
    ("services", _leaving, services.leave),
    ("accounts", _staying, accounts.apply),
    ("packages", _every, packages.apply),
    ("files", _every, files.apply),
    ("daemon-reload", _every, services.reload_managers),
    ("services", _staying, services.apply),
    ("accounts", _leaving, accounts.apply),
)


def converge(steps, spool, order=ORDER):
    """Apply steps and return ([{"id", "changed", "failed"}] in the plan's order, {phase: seconds}).

    A batch that breaks fails its own steps; the later ones still run, since most of them do not depend on it.
    """
    done, seconds = {}, collections.defaultdict(float)
    for phase, belongs, apply in order:
        mine = [step for step in steps if step["phase"] == phase and belongs(step)]
        if not mine:
            continue
        start = time.monotonic()
        try:
            done.update(apply(mine, spool))
        except (TwinError, OSError) as error:
            done.update({step["id"]: failed(error) for step in mine})
        seconds[phase] += time.monotonic() - start
    lost = failed("This version knows no such phase; install the same version on hypervisor and twin.")
    results = [{"id": step["id"], **done.get(step["id"], lost)._asdict()} for step in steps]
    return results, {phase: round(spent, 3) for phase, spent in seconds.items()}
