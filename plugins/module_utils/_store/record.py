# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets a recorded twin to following or paused, or removes its record."""
from __future__ import annotations

import contextlib
import os
from typing import ContextManager

from .._base import paths
from .._base.errors import Refused, TwinError
from .layout import LEASE_SECONDS, twin_key
from .records import Store, open_store


def ensure(twin: str, host: str, state: str, why: str, dry: bool, root: str = paths.STATE, run: str = paths.RUN) -> str:
    """Bring a twin's record to state `following`, `paused` (why is a sentence) or `absent`; returns the state it had.

    The twin is held from the decision to the effect. The record of a twin that has its machine is not removed: no sync could follow that one.
    """
    with open_store(root, run, look=True) as store, _alone(store, twin, dry):
        record = store.twin(twin)
        if record is None:
            if state != "absent":
                raise TwinError("There is no record of the twin %s of %s here: run safetytwin.twin.sync first." % (twin, host))
            return "absent"
        if record.host != host:
            raise Refused("The twin %s is one of host %s, not of %s: nothing was changed." % (twin, record.host, host))
        had = "paused" if record.paused else "following"
        seed = os.path.join(root, paths.TWINS, twin, paths.SEED)
        if state == "absent" and os.path.exists(seed):
            raise Refused("The twin %s of %s still has its machine (%s): remove that first, by libvirt_twin with state absent." % (twin, host, seed))
        if had != state and not dry:
            _bring(store, twin, host, state, why)
        return had


def _alone(store: Store, twin: str, dry: bool) -> ContextManager[None]:
    return contextlib.nullcontext() if dry else store.lease(twin_key(twin), twin, LEASE_SECONDS)


def _bring(store: Store, twin: str, host: str, state: str, why: str) -> None:
    if state != "absent":
        store.pause(twin, why if state == "paused" else "")
        return
    store.remove_twin(twin)
    if not store.twins(host):
        store.remove_host(host)
