# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of the hypervisor: what is known of a host's twin, without entering it and without writing anything."""
from __future__ import annotations

import time

from ._libvirt import client
from ._planning import due
from ._store.sqlite import Store
from ._transport.channel import Channel
from ._transport.program import main


def status(request):
    """{"host", "audit_interval": s} -> {"known", "digest", "revision", "paused", "audited", "verified", "fidelity", "revisions", "domain", "due"}.

    `due` is a list of reasons for a cycle, {"code", "sentence", "whole"}; empty where the twin needs none.
    """
    host = request["host"]
    head, revisions = _recorded(host)
    with client.connect() as connection:
        twin = client.find_twin(connection, host)
    facts = head or {"revision": 0, "digest": None, "paused": "", "audited": 0, "verified": 0, "fidelity": {}}
    # A channel that has ended may mean another boot.
    rebooted = twin is not None and twin["state"] == "running" and not Channel(twin).alive()
    reasons = due.due(due.situation(head, twin, {
        "now": time.time(), "audit_interval": request["audit_interval"], "rebooted": rebooted, "changed": False, "verify": False, "resume": False,
    }))
    return dict(
        facts, known=head is not None, revisions=revisions, domain=twin, rebooted=rebooted, due=[reason._asdict() for reason in reasons],
    )


def _recorded(host):
    """(head, newest revisions) of a host."""
    with Store(look=True) as store:
        return store.head(host), store.revisions(host, 5)


if __name__ == "__main__":
    main(status)
