# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin's snapshots: names for frozen disk layers. A plan of steps, then the steps."""

from __future__ import annotations

import functools
import os
from typing import Mapping

from .._base.errors import TwinError
from .._base.names import require_text
from .._libvirt import client, domain, live_layers
from .._libvirt.client import Connection, Twin
from .._libvirt.domain import Spec
from .._libvirt.metadata import Snapshot, touched
from . import layers
from .steps import Step


def plan(conn: Connection, twin: Twin, desired: Mapping[str, str]) -> list[Step]:
    """Steps that make the desired {"name", "state": present|absent|reverted} true of a twin; none when it is."""
    return {"present": _present, "absent": _absent, "reverted": _reverted}[desired["state"]](conn, twin, desired["name"])


def plan_new(desired: Mapping[str, str]) -> list[Step]:
    """The same for a twin that does not exist yet: only its first snapshot can be wanted."""
    if desired["state"] == "reverted":
        raise TwinError("The twin does not exist, so it has no snapshot %s to revert to." % desired["name"])
    return [Step("take the snapshot %s" % desired["name"], _no_twin)] if desired["state"] == "present" else []


def _no_twin() -> None:
    raise TwinError("The twin does not exist, so no snapshot of it can be taken: make it first.")


def _present(conn: Connection, twin: Twin, name: str) -> list[Step]:
    if _find(twin, name):
        return []
    require_text("snapshot name", name)
    return [Step("take the snapshot %s" % name, functools.partial(_take, conn, twin, name))]


def _absent(conn: Connection, twin: Twin, name: str) -> list[Step]:
    kept = [one for one in twin["metadata"]["snapshots"] if one["name"] != name]
    steps = []
    if _find(twin, name):
        forget = functools.partial(client.set_snapshots, conn, twin["twin"], kept)
        steps.append(Step("forget the snapshot %s" % name, forget))
    return steps + _tidying(conn, twin, kept, os.path.basename(twin["spec"]["disk"]), layers.parents(twin["directory"]))


def _reverted(conn: Connection, twin: Twin, name: str) -> list[Step]:
    snapshot = _find(twin, name)
    if snapshot is None:
        known = ", ".join(one["name"] for one in twin["metadata"]["snapshots"]) or "none"
        raise TwinError("The twin %s has no snapshot %s; it has: %s." % (twin["domain"], name, known))
    below, active = layers.parents(twin["directory"]), os.path.basename(twin["spec"]["disk"])
    if snapshot["file"] not in below:
        raise TwinError("Layer %s of snapshot %s is gone from %s: remove the snapshot." % (snapshot["file"], name, twin["directory"]))
    if twin["state"] == "shutoff" and below[active] == snapshot["file"] and layers.untouched(twin["spec"]["disk"]):
        return []
    path = layers.next_path(twin["directory"])
    steps = [Step("revert to the snapshot %s" % name, functools.partial(_revert, conn, twin, snapshot, path))]
    fresh = os.path.basename(path)
    return steps + _tidying(conn, twin, twin["metadata"]["snapshots"], fresh, dict(below, **{fresh: snapshot["file"]}))


def _find(twin: Twin, name: str) -> Snapshot | None:
    return next((one for one in twin["metadata"]["snapshots"] if one["name"] == name), None)


def _take(conn: Connection, twin: Twin, name: str) -> None:
    spec, path = twin["spec"], layers.next_path(twin["directory"])
    snapshots = twin["metadata"]["snapshots"]
    number = max([one["number"] for one in snapshots], default=0) + 1
    entry: Snapshot = {"name": name, "file": os.path.basename(spec["disk"]), "consistency": "stopped", "number": number}
    if twin["state"] == "shutoff":
        layers.create(path, spec["disk"])
        _redefine(conn, spec, path, snapshots + [entry])
        return
    layers.require_space(twin["directory"])
    entry["consistency"] = live_layers.cut(client.lookup(conn, twin["domain"]), path)
    client.set_snapshots(conn, twin["twin"], snapshots + [entry])


def _revert(conn: Connection, twin: Twin, snapshot: Snapshot, path: str) -> None:
    """A fresh layer over the frozen one; a running twin goes on from a boot of it, as memory is not kept."""
    dom = client.lookup(conn, twin["domain"])
    layers.create(path, os.path.join(twin["directory"], snapshot["file"]))
    client.reach(conn, dom, "shutoff")
    _redefine(conn, twin["spec"], path, twin["metadata"]["snapshots"])
    if twin["state"] in ("running", "paused"):
        client.reach(conn, dom, twin["state"])


def _redefine(conn: Connection, spec: Spec, path: str, snapshots: list[Snapshot]) -> None:
    client.define(conn, domain.build({**spec, "disk": path, "metadata": {**touched(spec["metadata"]), "snapshots": snapshots}}))


def _tidying(conn: Connection, twin: Twin, snapshots: list[Snapshot], active: str, below: layers.Parents) -> list[Step]:
    """One step that frees the layers nothing needs, if there are any."""
    useless = layers.waste(below, [one["file"] for one in snapshots], active)
    if not useless:
        return []
    description = "free %d disk layer%s" % (len(useless), "" if len(useless) == 1 else "s")
    return [Step(description, functools.partial(_tidy, conn, twin["twin"]))]


def _tidy(conn: Connection, twin_id: str) -> None:
    """Free one useless layer after the other, each time from what is then true, so that it may be killed anywhere."""
    while True:
        twin = client.find_twin(conn, twin_id)
        if twin is None:
            return  # removed meanwhile, and its layers with it
        named = [one["file"] for one in twin["metadata"]["snapshots"]]
        active = os.path.basename(twin["spec"]["disk"])
        useless = layers.waste(layers.parents(twin["directory"]), named, active)
        if not useless:
            return
        _free(conn, twin, *useless[0])


def _free(conn: Connection, twin: Twin, verb: str, name: str, child: str = "") -> None:
    directory = twin["directory"]
    dom = client.lookup(conn, twin["domain"])
    open_files = live_layers.chain(dom)
    path, child_path = os.path.join(directory, name), os.path.join(directory, child)
    if verb == "delete":
        os.unlink(path)
    elif child_path in open_files:
        # QEMU merges downwards: the child's content moves into the layer's file, and names follow it.
        live_layers.merge(dom, child_path, path)
        moved: list[Snapshot] = [{**one, "file": name} if one["file"] == child else one for one in twin["metadata"]["snapshots"]]
        client.set_snapshots(conn, twin["twin"], moved)
        os.unlink(child_path)
    else:
        layers.absorb(directory, name, child)
