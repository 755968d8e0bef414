# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one twin of a host to a wanted state: a plan of steps first, then the steps, unless only the plan is asked for.

A wish is the options of the module libvirt_twin, by name; its twin is always given.
"""

from __future__ import annotations

import functools
import glob
import os
import shutil
import uuid
from typing import cast

from .._base.codec import write_atomic
from .._base.errors import TwinError
from .._libvirt import client, domain, network_xml
from .._libvirt import network as libvirt_network
from .._libvirt.domain import Spec
from .._libvirt.metadata import FORMAT, Metadata
from . import accel, claims, layers, snapshots, twindir
from . import seed as twin_seed
from .baseimage import read_image
from .steps import Step, carry_out

STATES = {"running": "running", "paused": "paused", "stopped": "shutoff"}
MEMORY = 2048
VCPUS = 2
NEXT_BOOT = ("accel", "machine", "memory", "network", "vcpus")  # QEMU reads these when it starts


def provision(conn, wish, dry=False):
    """Carry out a wish and return the result of the module libvirt_twin; dry: only say what would be done."""
    twin = claims.claim(conn, wish)
    have, facts = twin["spec"] if twin else None, {}
    before = _shown(have, twin["state"] if twin else "absent")
    if wish["state"] == "absent":
        want, goal, steps = None, "absent", _removal(conn, wish, twin)
    else:
        want, goal, steps = _presence(conn, wish, twin, facts, dry)
    done = carry_out(steps, dry)
    after = _shown(want, goal)
    if wish["snapshot"]:
        current = twin if dry else claims.claim(conn, wish)
        steps = snapshots.plan(conn, current, wish["snapshot"]) if current else snapshots.plan_new(wish["snapshot"])
        done += carry_out(steps, dry)
        after["snapshots"] = _names_after(after["snapshots"], wish["snapshot"])
    facts.update(_facts(conn, claims.claim(conn, wish), want), changed=bool(done), steps=done, diff={"before": before, "after": after})
    return facts


def _facts(conn, twin, want):
    if twin is None:
        return {"state": "absent"}
    spec, running = twin["spec"], client.running_spec(conn, twin)
    facts = {key: twin[key] for key in ("twin", "host", "follows", "domain", "uuid", "state", "address", "port", "directory")}
    facts.update({key: spec[key] for key in ("mac", "memory", "vcpus", "accel", "network")})
    late = domain.differences(running, want or spec) if running else []
    return dict(facts, snapshots=twin["metadata"]["snapshots"], next_boot=[field for field in late if field in NEXT_BOOT])


def _shown(spec, state):
    """A spec as diff mode shows it."""
    fields = ("name", "memory", "vcpus", "accel", "machine", "network", "mac")
    shown = {field: spec[field] for field in fields} if spec else {}
    return dict(shown, state=state, snapshots=[one["name"] for one in spec["metadata"]["snapshots"]] if spec else [])


def _names_after(names, wish):
    kept = [name for name in names if name != wish["name"]]
    return kept if wish["state"] == "absent" else kept + [wish["name"]] if wish["name"] not in names else names


def _removal(conn, wish, twin):
    name = wish["twin"]
    directory = twin["directory"] if twin else twindir.path_of(wish["directory"], name)
    steps = []
    if twin:
        steps.append(Step("remove the domain %s" % name, functools.partial(client.undefine, client.lookup(conn, name))))
    network, mac = (twin["spec"]["network"], twin["spec"]["mac"]) if twin else (wish["network"] or libvirt_network.NAME, domain.mac_address(name))
    steps += _lease_freed(conn, network, mac, name)
    if os.path.isdir(directory):
        steps.append(Step("remove the directory %s" % directory, functools.partial(_remove_tree, directory)))
    return steps


def _lease_freed(conn, network, mac, name):
    found = libvirt_network.find(conn, network)
    if not (found and found["ours"] and mac in found["leases"]):
        return []
    lease = {"mac": mac, "address": found["leases"][mac], "domain": name}
    return [Step("free the address %s" % lease["address"], functools.partial(libvirt_network.drop_lease, conn, network, lease))]


def _remove_tree(directory):
    try:
        shutil.rmtree(directory)
    except PermissionError as denied:
        raise TwinError("%s cannot be removed: run this as root (become)." % directory) from denied


def _presence(conn, wish, twin, facts, dry):
    """The wanted spec, the wanted state, and the steps there; facts gets what only making the twin can tell."""
    image = None if twin else _image(wish)
    have = twin["spec"] if twin else _blank(wish, image, claims.follows(conn, wish))
    want = cast(Spec, dict(have, **{field: wish[field] for field in ("memory", "vcpus", "machine", "network") if wish[field]}))
    verdict = _acceleration(wish, have["accel"], dry)
    want["accel"], facts["accel_reason"] = verdict["accel"], verdict["reason"]
    steps, want["metadata"] = _connection(conn, wish, twin, want)
    if twin is None:
        steps += _making(wish, want, image, facts)
    steps += _ssh_config(want)
    changes = domain.differences(have, want)
    if twin is None or changes:
        says = "change %s" % ", ".join(changes) if twin else "define the domain %s" % want["name"]
        steps.append(Step(says, lambda: client.define(conn, domain.build(want))))
    state = twin["state"] if twin else "shutoff"
    goal = STATES.get(wish["state"], state)
    if goal != state:
        patience = wish["shutdown_timeout"]
        steps.append(
            Step(
                "bring the domain from %s to %s" % (state, goal),
                lambda: client.reach(conn, client.lookup(conn, want["name"]), goal, patience),
            )
        )
    return want, goal, steps


def _image(wish):
    for option in ("image", "machine_id"):
        if not wish[option]:
            raise TwinError(
                "Host %s has no twin %s yet, and the option %s is missing: give image and machine_id to create the twin." % (wish["host"], wish["twin"], option)
            )
    return read_image(wish["image"])


def _blank(wish, image, follows):
    """The spec of a twin to be made, before the wish's own values."""
    name = wish["twin"]
    directory = twindir.path_of(wish["directory"], name)
    metadata: Metadata = {
        "format": FORMAT,
        "twin": name,
        "host": wish["host"],
        "follows": follows,
        "machine_id": wish["machine_id"],
        "image": image["digest"],
        "revision": 0,
        "address": "",
        "host_key": "",
        "snapshots": [],
    }
    return {
        "name": name,
        "uuid": str(uuid.uuid4()),
        "memory": MEMORY,
        "vcpus": VCPUS,
        "accel": None,
        "machine": "q35",
        "network": libvirt_network.NAME,
        "mac": domain.mac_address(name),
        "disk": os.path.join(directory, "layer-0000.qcow2"),
        "seed": os.path.join(directory, "seed.iso"),
        "boot": image["boot"],
        "metadata": metadata,
    }


def _acceleration(wish, known, dry):
    if known and not wish["accel"]:
        return {"accel": known, "reason": "as the domain is defined"}
    kernels = [os.path.join(wish["image"], "vmlinuz")] if wish["image"] else []
    kernels += sorted(glob.glob("/boot/vmlinuz-*"), reverse=True)
    remember = not dry and os.access(wish["directory"], os.W_OK)
    return accel.choose(wish["accel"] or "auto", kernels, os.path.join(wish["directory"], "accel.json"), remember)


def _connection(conn, wish, twin, want):
    """Steps for network and fixed lease, and the metadata with the address that follows."""
    name, metadata = want["network"], want["metadata"]
    says = libvirt_network.missing_network(conn, name, wish["subnet"])
    steps = [Step(says, functools.partial(libvirt_network.make, conn, name, wish["subnet"]))] if says else []
    if twin and twin["spec"]["network"] != name:
        steps += _lease_freed(conn, twin["spec"]["network"], want["mac"], want["name"])
    found = libvirt_network.find(conn, name) or {
        "active": False,
        "ours": True,
        "subnet": wish["subnet"] or libvirt_network.SUBNET,
        "leases": {},
    }
    if not found["ours"]:
        return steps, dict(metadata, address="")
    address = network_xml.choose_address(found["subnet"], want["mac"], found["leases"], metadata["address"])
    if want["mac"] not in found["leases"]:
        lease = {"mac": want["mac"], "address": address, "domain": want["name"]}
        steps.append(Step("fix the address %s" % address, functools.partial(libvirt_network.add_lease, conn, name, lease)))
    return steps, dict(metadata, address=address)


def _making(wish, want, image, facts):
    directory = os.path.dirname(want["disk"])

    def disk():
        for name in layers.parents(directory):  # of a domain that was undefined under us: the twin starts anew
            os.unlink(os.path.join(directory, name))
        layers.create(want["disk"], image["disk"], wish["disk"])

    def seed():
        keys = twindir.seed_keys(directory, want["name"], wish["authorized_keys"])
        want["metadata"]["host_key"] = " ".join(keys["host_public"].split()[:2])
        hashed, generated = twindir.hash_password(wish["console_password"])
        if generated:
            facts["console_password_generated"] = generated
        marker = {"host": wish["host"], "twin": want["name"], "uuid": want["uuid"]}
        console = {"user": wish["console_user"], "hash": hashed}
        twin_seed.write_iso(want["seed"], twin_seed.documents(marker, want["mac"], keys, console))

    return [
        Step("make the directory %s" % directory, lambda: twindir.prepare(wish["directory"], directory)),
        Step("make the disk layer %s" % os.path.basename(want["disk"]), disk),
        Step("make keys and seed", seed),
    ]


def _ssh_config(want):
    directory = os.path.dirname(want["disk"])
    path, text = (
        os.path.join(directory, "ssh_config"),
        twindir.ssh_config(directory, want["name"], want["metadata"]["address"]),
    )
    if os.path.exists(path) and (not os.access(path, os.R_OK) or twindir.read(path) == text):  # root's, for others
        return []
    return [Step("write %s" % path, lambda: write_atomic(path, text.encode("utf-8")))]
