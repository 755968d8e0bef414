# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of the hypervisor: what is known of a host's twin, without entering it and without writing anything."""
from __future__ import annotations

import time

from ._libvirt import client
from ._store.sqlite import Store
from ._transport.channel import Channel
from ._transport.program import main


def overview(request):
    """{"host", "audit_interval": s} -> {"known", "digest", "revision", "paused", "audited", "verified", "fidelity", "revisions", "domain", "due"}.

    `due` is a sentence where the twin needs a cycle although its host may not have changed.
    """
    host = request["host"]
    head, revisions = _recorded(host)
    with client.connect() as connection:
        twin = client.find_twin(connection, host)
    facts = head or {"revision": 0, "digest": None, "paused": "", "audited": 0, "verified": 0, "fidelity": {}}
    return dict(facts, known=head is not None, revisions=revisions, domain=twin, due=_due(head, twin, request))


def _recorded(host):
    """(head, newest revisions) of a host."""
    with Store(look=True) as store:
        return store.head(host), store.revisions(host, 5)


def _due(head, twin, request):
    if head is None:
        return "the host is new"
    if head["paused"]:
        return ""
    if twin is None:
        return "the twin does not exist"
    if twin["state"] != "running":
        return "the twin is %s" % twin["state"]
    if head["applying"] or not head["settled"]:
        return "the last cycle left something to do"
    if not head["seen"]:
        return "the twin has not been read yet"
    if abs(time.time() - head["audited"]) > request["audit_interval"]:
        return "the audit is due"
    if not Channel(twin).alive():
        return "the twin may have rebooted"
    if head["fidelity"].get("pending"):
        return "contents are missing"
    return ""


if __name__ == "__main__":
    main(overview)
