# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a recorded twin follows its host, stands still, or is forgotten."""
from __future__ import annotations

from .._base.errors import TwinError
from .._packages import proxy
from .sqlite import ROOT, Store, hold


def ensure(host, state, why, dry, root=ROOT):
    """Bring a twin's record to state `following`, `paused` (why is a sentence) or `absent`; returns the state it had."""
    with Store(root, look=True) as store:
        head = store.head(host)
        if head is None:
            if state != "absent":
                raise TwinError("There is no record of a twin of %s here: run safetytwin.twin.sync first." % host)
            return "absent"
        had = "paused" if head["paused"] else "following"
        if had != state and not dry:
            with hold(host):
                _bring(store, host, state, why)
        return had


def _bring(store, host, state, why):
    if state == "absent":
        store.remove(host)
        if not store.hosts():
            proxy.stop()
    else:
        store.pause(host, why if state == "paused" else "")
