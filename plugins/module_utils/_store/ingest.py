# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a host's harvest, merges it with the stored state, and records it with its contents as the next revision."""
from __future__ import annotations

from typing import Any, cast

from .._base.errors import Refused, TwinError
from .._planning.validate import parse_harvest
from .._scopes.model import Harvest, HostDocument, Machine
from .._scopes.schema import FORMAT
from .layout import Host
from .records import Store

FAMILY = {"debian", "ubuntu"}  # of os-release, ID or ID_LIKE


def known(store: Store, host: str) -> HostDocument:
    """The stored host document; raises TwinError if there is none."""
    if store.host(host) is None:
        raise TwinError("Nothing is known of %s yet: run safetytwin.twin.sync, which harvests it first." % host)
    return cast(HostDocument, store.document(host))


def read(store: Store, host: str, reply: Any) -> Harvest:
    """A harvest's reply, checked and merged with the stored state of the host; nothing is written."""
    head = store.host(host)
    harvest = parse_harvest(reply, known(store, host) if head else None, head.digest if head else None, host)
    _check_identity(host, head, harvest["machine"])
    return harvest


def document_of(harvest: Harvest) -> HostDocument:
    """The host document of a harvest, as the store keeps it."""
    return {
        "format": FORMAT, "machine": harvest["machine"], "scopes": harvest["scopes"], "declared": harvest["declared"],
        "kept_digest": harvest["kept_digest"],
    }


def keep(store: Store, host: str, harvest: Harvest) -> None:
    """Keep what read() made of a harvest, and the contents that came with it. A new digest becomes the next revision, and what was refused is recorded."""
    for name, content in harvest["blobs"].items():
        store.blobs.put(name, content)
    head = store.host(host)
    if head is None or head.digest != harvest["digest"]:
        before = store.document(host)["scopes"] if head else {}
        store.take(host, dict(document_of(harvest)), harvest["digest"], head, before)
    store.refuse(host, harvest["violations"])


def refused(store: Store, host: str, harvest: Harvest | None) -> list[str]:
    """What was refused of a harvest, or of the newest one that is recorded."""
    head = store.host(host)
    return harvest["violations"] if harvest else head.refused or [] if head else []


def _check_identity(host: str, head: Host | None, machine: Machine) -> None:
    """Check, before anything of a host is stored, that it can be mirrored and is the same machine as before."""
    distribution = machine["distribution"]
    if not head and not FAMILY & {distribution["id"], *distribution["like"]}:
        raise Refused(
            "%s is %s, but only hosts of the Debian family are supported. Remove it from the group twin_hosts."
            % (host, distribution["name"] or distribution["id"] or "of an unknown distribution")
        )
    if head and head.machine_id != machine["machine_id"]:
        raise Refused(
            "%s answers with machine-id %s, its twin was made of %s: this is another machine. If it was reinstalled on purpose, "
            "remove the old twin first with `ansible-playbook safetytwin.twin.uninstall --limit %s`." % (host, machine["machine_id"], head.machine_id, host)
        )
