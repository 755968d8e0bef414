# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one twin of a host to a wanted state: a plan of steps first, then the steps, unless only the plan is asked for.

What is desired are the options of the module libvirt_twin, by name; its twin is always given.
"""

from __future__ import annotations

import functools
import glob
import os
import shutil
import uuid
from typing import Any, Mapping

from .._base import paths
from .._base.codec import write_atomic
from .._base.errors import TwinError
from .._libvirt import client, domain, network_xml
from .._libvirt import network as libvirt_network
from .._libvirt.client import Connection, Twin
from .._libvirt.domain import Spec
from .._libvirt.metadata import FORMAT, Metadata, touched
from . import accel, claims, layers, snapshots, twindir
from . import seed as twin_seed
from .baseimage import Image, read_image
from .steps import Step, carry_out

STATES = {"running": "running", "paused": "paused", "stopped": "shutoff"}
MEMORY = 2048
VCPUS = 2
DISK_RATE = 200  # MiB per second, less than half of what a solid state disk on SATA reaches
DISK_IOPS = 10000
NEXT_BOOT = ("accel", "address", "disk_iops", "disk_rate", "machine", "memory", "network", "vcpus")  # QEMU reads these when it starts

# The options of the module libvirt_twin, by name.
Desired = Mapping[str, Any]


def provision(conn: Connection, desired: Desired, dry: bool = False) -> dict[str, Any]:
    """Carry out what is desired and return the result of the module libvirt_twin; dry: only say what would be done."""
    twin = claims.claim(conn, desired)
    facts: dict[str, Any] = {}
    before = _shown(twin["spec"] if twin else None, twin["state"] if twin else "absent")
    if desired["state"] == "absent":
        want, goal, steps = None, "absent", _removal(conn, desired, twin)
    else:
        want, goal, steps = _presence(conn, desired, twin, facts, dry)
    done = carry_out(steps, dry)
    after = _shown(want, goal)
    if desired["snapshot"]:
        current = twin if dry else claims.claim(conn, desired)
        steps = snapshots.plan(conn, current, desired["snapshot"]) if current else snapshots.plan_new(desired["snapshot"])
        done += carry_out(steps, dry)
        after["snapshots"] = _names_after(after["snapshots"], desired["snapshot"])
    facts.update(_facts(conn, claims.claim(conn, desired), want), changed=bool(done), steps=done, diff={"before": before, "after": after})
    return facts


def _facts(conn: Connection, twin: Twin | None, want: Spec | None) -> dict[str, Any]:
    if twin is None:
        return {"state": "absent"}
    spec, running = twin["spec"], client.running_spec(conn, twin)
    facts = {key: twin[key] for key in ("twin", "host", "follows", "domain", "uuid", "state", "address", "port", "directory")}
    facts.update({key: spec[key] for key in ("mac", "memory", "vcpus", "disk_rate", "disk_iops", "accel", "network")})
    late = domain.differences(running, want or spec) if running else []
    return dict(facts, snapshots=twin["metadata"]["snapshots"], next_boot=[field for field in late if field in NEXT_BOOT])


def _shown(spec: Spec | None, state: str) -> dict[str, Any]:
    """A spec as diff mode shows it."""
    fields = ("name", "memory", "vcpus", "disk_rate", "disk_iops", "accel", "machine", "network", "mac")
    shown = {field: value for field, value in spec.items() if field in fields} if spec else {}
    return dict(shown, state=state, snapshots=[one["name"] for one in spec["metadata"]["snapshots"]] if spec else [])


def _names_after(names: list[str], desired: Mapping[str, str]) -> list[str]:
    kept = [name for name in names if name != desired["name"]]
    return kept if desired["state"] == "absent" else kept + [desired["name"]] if desired["name"] not in names else names


def _removal(conn: Connection, desired: Desired, twin: Twin | None) -> list[Step]:
    name = desired["twin"]
    directory = twin["directory"] if twin else twindir.path_of(desired["directory"], name)
    steps = []
    if twin:
        steps.append(Step("remove the domain %s" % name, functools.partial(client.undefine, client.lookup(conn, name))))
    network, mac = (twin["spec"]["network"], twin["spec"]["mac"]) if twin else (desired["network"] or libvirt_network.NAME, domain.mac_address(name))
    steps += _lease_freed(conn, network, mac, name)
    if os.path.isdir(directory):
        steps.append(Step("remove the directory %s" % directory, functools.partial(_remove_tree, directory)))
    return steps


def _lease_freed(conn: Connection, network: str, mac: str, name: str) -> list[Step]:
    found = libvirt_network.find(conn, network)
    if not (found and found["ours"] and mac in found["leases"]):
        return []
    lease = {"mac": mac, "address": found["leases"][mac], "domain": name}
    return [Step("free the address %s" % lease["address"], functools.partial(libvirt_network.drop_lease, conn, network, lease))]


def _remove_tree(directory: str) -> None:
    try:
        shutil.rmtree(directory)
    except PermissionError as denied:
        raise TwinError("%s cannot be removed: run this as root (become)." % directory) from denied


def _presence(conn: Connection, desired: Desired, twin: Twin | None, facts: dict[str, Any], dry: bool) -> tuple[Spec, str, list[Step]]:
    """The wanted spec, the wanted state, and the steps there; facts gets what only making the twin can tell."""
    have, image = (twin["spec"], None) if twin else _new(conn, desired)
    want: Spec = {
        **have, "memory": desired["memory"] or have["memory"], "vcpus": desired["vcpus"] or have["vcpus"],
        "machine": desired["machine"] or have["machine"], "network": desired["network"] or have["network"],
    }
    for limit in ("disk_rate", "disk_iops"):  # 0 is a value: no limit
        want[limit] = have[limit] if desired[limit] is None else desired[limit]
    verdict = _acceleration(desired, have["accel"], dry)
    want["accel"], facts["accel_reason"] = verdict["accel"], verdict["reason"]
    steps, want["metadata"] = _connection(conn, desired, twin, want)
    want["address"] = want["metadata"]["address"]
    if image:
        steps += _making(desired, want, image)
    steps += _ssh_config(want)
    changes = domain.differences(have, want)
    if twin is None or changes:
        description = "change %s" % ", ".join(changes) if twin else "define the domain %s" % want["name"]
        steps.append(Step(description, lambda: client.define(conn, domain.build({**want, "metadata": touched(want["metadata"])}))))
    state = twin["state"] if twin else "shutoff"
    goal = STATES.get(desired["state"], state)
    if goal != state:
        description = "bring the domain from %s to %s" % (state, goal)
        steps.append(Step(description, functools.partial(_bring, conn, want["name"], goal, desired["shutdown_timeout"])))
    return want, goal, steps


def _bring(conn: Connection, name: str, goal: str, patience: float) -> None:
    client.change_metadata(conn, name, touched)  # first: a kill between the two must not leave a change that no cycle knows of
    client.reach(conn, client.lookup(conn, name), goal, patience)


def _new(conn: Connection, desired: Desired) -> tuple[Spec, Image]:
    """The spec of a twin to be made, before the options are applied, and the image it is made from."""
    image = _image(desired)
    return _blank(desired, image, claims.follows(conn, desired)), image


def _image(desired: Desired) -> Image:
    for option in ("image", "machine_id"):
        if not desired[option]:
            raise TwinError(
                "Host %s has no twin %s yet, and the option %s is missing: give image and machine_id to create the twin."
                % (desired["host"], desired["twin"], option)
            )
    return read_image(desired["image"])


def _blank(desired: Desired, image: Image, follows: bool) -> Spec:
    name = desired["twin"]
    directory = twindir.path_of(desired["directory"], name)
    metadata: Metadata = {
        "format": FORMAT,
        "twin": name,
        "host": desired["host"],
        "follows": follows,
        "machine_id": desired["machine_id"],
        "image": image["digest"],
        "revision": 0,
        "touched": 0,
        "address": "",
        "host_key": "",
        "snapshots": [],
    }
    return {
        "name": name,
        "uuid": str(uuid.uuid4()),
        "memory": MEMORY,
        "vcpus": VCPUS,
        "disk_rate": DISK_RATE,
        "disk_iops": DISK_IOPS,
        "accel": "",
        "machine": "q35",
        "network": libvirt_network.NAME,
        "mac": domain.mac_address(name),
        "address": "",
        "disk": os.path.join(directory, "layer-0000.qcow2"),
        "seed": os.path.join(directory, paths.SEED),
        "boot": image["boot"],
        "metadata": metadata,
    }


def _acceleration(desired: Desired, known: str, dry: bool) -> accel.Verdict:
    if known and not desired["accel"]:
        return {"accel": known, "reason": "as the domain is defined"}
    kernels = [os.path.join(desired["image"], "vmlinuz")] if desired["image"] else []
    kernels += sorted(glob.glob("/boot/vmlinuz-*"), reverse=True)
    remember = not dry and os.access(desired["directory"], os.W_OK)
    return accel.choose(desired["accel"] or "auto", kernels, os.path.join(desired["directory"], "accel.json"), remember)


def _connection(conn: Connection, desired: Desired, twin: Twin | None, want: Spec) -> tuple[list[Step], Metadata]:
    """Steps for network and fixed lease, and the metadata with the address that follows."""
    name, metadata = want["network"], want["metadata"]
    description = libvirt_network.missing_network(conn, name, desired["subnet"])
    steps = [Step(description, functools.partial(libvirt_network.make, conn, name, desired["subnet"]))] if description else []
    if twin and twin["spec"]["network"] != name:
        steps += _lease_freed(conn, twin["spec"]["network"], want["mac"], want["name"])
    found: libvirt_network.Network = libvirt_network.find(conn, name) or {
        "active": False,
        "ours": True,
        "subnet": desired["subnet"] or libvirt_network.SUBNET,
        "leases": {},
    }
    if not found["ours"]:
        return steps, {**metadata, "address": ""}
    address = network_xml.choose_address(found["subnet"] or libvirt_network.SUBNET, want["mac"], found["leases"], metadata["address"])
    if want["mac"] not in found["leases"]:
        lease = {"mac": want["mac"], "address": address, "domain": want["name"]}
        steps.append(Step("fix the address %s" % address, functools.partial(libvirt_network.add_lease, conn, name, lease)))
    return steps, {**metadata, "address": address}


def _making(desired: Desired, want: Spec, image: Image) -> list[Step]:
    directory = os.path.dirname(want["disk"])

    def disk() -> None:
        for name in layers.parents(directory):  # of a domain that was undefined under us: the twin starts anew
            os.unlink(os.path.join(directory, name))
        layers.create(want["disk"], image["disk"], desired["disk"])

    def seed() -> None:
        keys = twindir.seed_keys(directory, want["name"], desired["authorized_keys"])
        want["metadata"]["host_key"] = " ".join(keys["host_public"].split()[:2])
        marker = {"host": desired["host"], "twin": want["name"], "uuid": want["uuid"]}
        console = {"user": desired["console_user"], "hash": twindir.hash_password(desired["console_password"])}
        twin_seed.write_iso(want["seed"], twin_seed.documents(marker, want["mac"], keys, console))

    return [
        Step("make the directory %s" % directory, lambda: twindir.prepare(desired["directory"], directory)),
        Step("make the disk layer %s" % os.path.basename(want["disk"]), disk),
        Step("make keys and seed", seed),
    ]


def _ssh_config(want: Spec) -> list[Step]:
    directory = os.path.dirname(want["disk"])
    path, text = (
        os.path.join(directory, "ssh_config"),
        twindir.ssh_config(directory, want["name"], want["metadata"]["address"]),
    )
    if os.path.exists(path) and (not os.access(path, os.R_OK) or twindir.read(path) == text):  # root's, for others
        return []
    return [Step("write %s" % path, lambda: write_atomic(path, text.encode("utf-8")))]
