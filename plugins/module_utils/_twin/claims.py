# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a domain may be treated as the twin that the options or the store name, and whether a twin to be made may follow its host."""

from __future__ import annotations

from typing import Any, Mapping

from .._base.errors import Refused
from .._base.names import following
from .._libvirt import client
from .._libvirt.metadata import Metadata


def claim(conn: client.Connection, desired: Mapping[str, Any]) -> client.Twin | None:
    """The twin of the desired, or None where its domain does not exist; a domain that is anything else is refused."""
    name, host = desired["twin"], desired["host"]
    dom = client.lookup(conn, name)
    if dom is None:
        return None
    ours = client.metadata(dom)
    if ours is None:
        raise Refused("Domain %s exists and is not a twin: rename or remove it, or choose another id with the option twin; it was not touched." % name)
    if ours["host"] != host:
        raise Refused("Domain %s is a twin of host %s, not of %s: choose another id with the option twin." % (name, ours["host"], host))
    if desired["state"] != "absent":
        _admit(desired, ours)
    return client.describe(dom)


def shared(conn: client.Connection, desired: Mapping[str, Any]) -> bool:
    """Whether bringing about the desired decides on what all twins share: the network, its addresses, and who follows a host."""
    twin = claim(conn, desired)
    return twin is None or desired["state"] == "absent" or desired["network"] not in (None, twin["spec"]["network"])


def _admit(desired: Mapping[str, Any], ours: Metadata) -> None:
    """Refuse to go on with a twin that was made of another machine, or otherwise than asked for now."""
    if desired["machine_id"] and ours["machine_id"] != desired["machine_id"]:
        raise Refused(
            "Domain %s mirrors the machine with id %s, but host %s has id %s: it was reinstalled, or two hosts claim one twin. "
            "Remove the twin (state absent) to mirror this machine instead." % (desired["twin"], ours["machine_id"], desired["host"], desired["machine_id"])
        )
    if desired["follows"] not in (None, ours["follows"]):
        raise Refused(
            "The twin %s was made with follows %s, which cannot be changed: leave the option follows out." % (desired["twin"], str(ours["follows"]).lower())
        )


def follows(conn: client.Connection, desired: Mapping[str, Any]) -> bool:
    """Whether a twin to be made follows its host; a second one that does is refused, as syncs of the host bring only one along."""
    wanted: bool = desired["twin"] == following(desired["host"]) if desired["follows"] is None else desired["follows"]
    other = next((twin["twin"] for twin in client.twins(conn, desired["host"]) if twin["follows"]), None)
    if wanted and other:
        raise Refused("The twin %s follows host %s already: make this one with follows false, or remove that one first." % (other, desired["host"]))
    return wanted


def fence(twin: client.Twin, known: Mapping[str, Any]) -> None:
    """Refuse a twin that is ahead of the store's record of it, or of another machine: the domain knows the newest revision that it was given."""
    metadata = twin["metadata"]
    if metadata["machine_id"] != known["machine_id"]:
        raise Refused(
            "The twin %s was made of another machine (%s): nothing was changed. If the host was reinstalled, run safetytwin.twin.uninstall for it first."
            % (twin["domain"], metadata["machine_id"])
        )
    if metadata["revision"] > known["revision"]:
        raise Refused(
            "The twin %s is at revision %d, this store knows %d: the store is older than the twin. Restore the store from a backup, or remove the twin"
            " with `ansible-playbook safetytwin.twin.uninstall --limit %s` and sync again."
            % (twin["domain"], metadata["revision"], known["revision"], known["host"])
        )
