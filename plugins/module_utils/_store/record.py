# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets a recorded twin to following or paused, or removes its record."""
from __future__ import annotations

from .._base import paths
from .._base.errors import Refused, TwinError
from .layout import twin_key
from .records import Store, open_store


def ensure(twin: str, host: str, state: str, why: str, dry: bool, root: str = paths.STATE, run: str = paths.RUN) -> str:
    """Bring a twin's record to state `following`, `paused` (why is a sentence) or `absent`; returns the state it had."""
    with open_store(root, run, look=True) as store:
        record = store.twin(twin)
        if record is None:
            if state != "absent":
                raise TwinError("There is no record of the twin %s of %s here: run safetytwin.twin.sync first." % (twin, host))
            return "absent"
        if record.host != host:
            raise Refused("The twin %s is one of host %s, not of %s: nothing was changed." % (twin, record.host, host))
        had = "paused" if record.paused else "following"
        if had != state and not dry:
            with store.lease(twin_key(twin), host):
                _bring(store, twin, host, state, why)
        return had


def _bring(store: Store, twin: str, host: str, state: str, why: str) -> None:
    if state != "absent":
        store.pause(twin, why if state == "paused" else "")
        return
    store.remove_twin(twin)
    if not store.twins(host):
        store.remove_host(host)
