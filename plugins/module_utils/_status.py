# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of the hypervisor: what is known of a host's twin, without entering it and without writing anything."""
from __future__ import annotations

import time
from typing import Any

from ._base.names import chosen
from ._libvirt import client
from ._planning import due
from ._store import retention
from ._store.records import Head, open_store
from ._transport.channel import Channel
from ._transport.program import main
from ._twin.survey import portrait

SHOWN = ("number", "at", "digest", "outcome")  # of a revision


def status(request: dict[str, Any]) -> dict[str, Any]:
    """{"host", "audit_interval": s, "growth": bool} -> what is known.

    That is {"known", "digest", "revision", "paused", "audited", "verified", "refused", "fidelity", "revisions", "twins", "domain", "due", "growth"}.
    `due` is a list of reasons for a cycle, {"code", "sentence", "whole"}; empty where the twin needs none.
    `growth` has a row for each thing that grows on the hypervisor, see retention.rows; only if asked for, as that reads directories.
    """
    twin_id = chosen(request.get("twin"), request["host"])
    head, recorded = _recorded(request["host"], twin_id, request["growth"])
    with client.connect() as connection:
        twin = client.find_twin(connection, twin_id)
        domain = portrait(connection, twin) if twin else None
    facts: Any = head or {"revision": 0, "digest": None, "paused": "", "audited": 0, "verified": 0, "refused": [], "fidelity": {}}
    # A channel that has ended may mean another boot.
    rebooted = twin is not None and twin["state"] == "running" and not Channel(twin).alive()
    reasons = due.due(due.situation(head, twin, {
        "now": time.time(), "audit_interval": request["audit_interval"], "rebooted": rebooted, "changed": False, "verify": False, "resume": False,
    }))
    return dict(facts, **recorded, known=head is not None, domain=domain, rebooted=rebooted, due=[reason._asdict() for reason in reasons])


def _recorded(host: str, twin_id: str, growth: bool) -> tuple[Head | None, dict[str, Any]]:
    """(head of a twin, {"revisions": the newest of its host, "twins": ids of all twins of its host, "growth": what grows, if asked for})."""
    with open_store(look=True) as store:
        revisions = [{name: value for name, value in each._asdict().items() if name in SHOWN} for each in store.history.newest(host, 5)]
        twins = [twin.id for twin in store.twins(host)]
        return store.head(twin_id), {"revisions": revisions, "twins": twins, "growth": retention.rows(store) if growth else []}


if __name__ == "__main__":
    main(status, "libvirt")
