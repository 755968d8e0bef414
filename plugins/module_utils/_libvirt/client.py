# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only file that imports libvirt: connections, domains, their states. Its errors leave here as sentences."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from typing import Any, Callable, Iterator, TypedDict, cast

from .._base.access import PORT
from .._base.errors import TwinError
from .._base.interpreter import advice
from . import domain, firewall, network_xml
from . import metadata as domain_metadata
from .deadline import bounded, guarded
from .domain import Spec
from .metadata import Metadata, Snapshot

try:
    import libvirt
    import libvirt_qemu
except ImportError:  # said when it is needed: documentation and other machines do without
    libvirt = libvirt_qemu = None

URI = "qemu:///system"
CONNECT_SECONDS = 30
POLL_SECONDS = 0.25
# By libvirt's state number; blocked is running, as seen from outside.
STATES = ("unknown", "running", "running", "paused", "stopping", "shutoff", "crashed", "suspended")

# What libvirt's bindings, which come without types, call virConnect and virDomain.
Connection = Any
Domain = Any


class Twin(TypedDict):
    """A twin as libvirt has it; address is empty where no lease is fixed, uuid and directory are its domain's."""

    twin: str
    host: str
    follows: bool
    touched: int
    domain: str
    uuid: str
    state: str
    address: str
    port: int
    metadata: Metadata
    directory: str
    spec: Spec


def api() -> Any:
    """libvirt's bindings, for the other files of this folder."""
    return libvirt


@contextlib.contextmanager
def connect(uri: str = URI, readonly: bool = False) -> Iterator[Connection]:
    """An open connection, closed at the end; each call over it has a deadline. A daemon that is down, closed to us or hung is a sentence."""
    if libvirt is None:
        raise TwinError("%s has no libvirt bindings: %s." % (sys.executable, advice("libvirt")))
    libvirt.registerErrorHandler(_silent, None)  # else every error is printed, too
    opened = bounded(lambda: _open(uri, readonly), CONNECT_SECONDS, "libvirt at %s" % uri)
    try:
        yield guarded(opened)
    finally:
        opened.close()


def _silent(context: object, error: object) -> None:
    """Errors are raised; nothing is printed."""


def _open(uri: str, readonly: bool) -> Connection:
    try:
        return libvirt.openReadOnly(uri) if readonly else libvirt.open(uri)
    except libvirt.libvirtError as error:
        said = str(error)
        if "ermission denied" in said or error.get_error_code() in (
            libvirt.VIR_ERR_AUTH_UNAVAILABLE,
            libvirt.VIR_ERR_AUTH_CANCELLED,
        ):
            hint = "be root (become) or a member of the group libvirt"
        elif error.get_error_code() in (libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_CONNECT):
            hint = "check the URI"
        else:
            hint = "start libvirtd, or check the URI"
        raise TwinError("Cannot reach libvirt at %s: %s; %s." % (uri, said, hint)) from error


@contextlib.contextmanager
def spoken(doing: str) -> Iterator[None]:
    """Turn libvirt's errors into a sentence that begins with what was being done."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise TwinError("%s failed: %s." % (doing, str(error).rstrip("."))) from error


def lookup(conn: Connection, name: str) -> Domain | None:
    """The libvirt domain of that name, or None."""
    try:
        return conn.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise TwinError("Looking for domain %s failed: %s." % (name, error)) from error


def metadata(dom: Domain) -> Metadata | None:
    """Our metadata of a domain, or None when it is not ours or just went away."""
    try:
        text = dom.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, domain_metadata.NAMESPACE, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        return domain_metadata.read(text, dom.name())
    except libvirt.libvirtError as error:
        if error.get_error_code() in (
            libvirt.VIR_ERR_NO_DOMAIN_METADATA,
            libvirt.VIR_ERR_NO_DOMAIN,
            libvirt.VIR_ERR_OPERATION_INVALID,
        ):
            return None
        raise TwinError("Reading the metadata of domain %s failed: %s." % (dom.name(), error)) from error


def describe(dom: Domain) -> Twin:
    """A twin as a value; its metadata must be ours."""
    with spoken("Reading domain %s" % dom.name()):
        spec = domain.read(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        state = STATES[dom.state()[0]]
    ours = spec["metadata"]
    return {
        "twin": ours["twin"],
        "host": ours["host"],
        "follows": ours["follows"],
        "touched": ours["touched"],
        "domain": spec["name"],
        "uuid": spec["uuid"],
        "state": state,
        "address": ours["address"],
        "port": PORT,
        "metadata": ours,
        "directory": os.path.dirname(spec["disk"]),
        "spec": spec,
    }


def twins(conn: Connection, host: str | None = None) -> list[Twin]:
    """Every twin on the connection, or every twin of one host, by name of its domain."""
    found = [(dom, metadata(dom)) for dom in _domains(conn)]
    ours = [describe(dom) for dom, known in found if known and host in (None, known["host"])]
    return sorted(ours, key=lambda twin: twin["domain"])


def find_twin(conn: Connection, twin_id: str) -> Twin | None:
    """The twin with an id, or None; found by metadata, whatever the domain is called."""
    dom = _find(conn, twin_id)
    return describe(dom) if dom else None


def _find(conn: Connection, twin_id: str) -> Domain | None:
    likely = lookup(conn, twin_id)
    if likely and _is_twin(likely, twin_id):
        return likely
    return next((dom for dom in _domains(conn) if _is_twin(dom, twin_id)), None)


def _is_twin(dom: Domain, twin_id: str) -> bool:
    known = metadata(dom)
    return known is not None and known["twin"] == twin_id


def _domains(conn: Connection) -> list[Domain]:
    with spoken("Listing domains"):
        return list(conn.listAllDomains())


def require(conn: Connection, twin_id: str) -> Domain:
    """The libvirt domain of a twin; a sentence if there is none."""
    dom = _find(conn, twin_id)
    if dom is None:
        raise TwinError("There is no twin %s here: run safetytwin.twin.sync or libvirt_twin with state running." % twin_id)
    return dom


def change_metadata(conn: Connection, twin_id: str, change: Callable[[Metadata], Metadata]) -> None:
    """Replace the twin's metadata by what change() makes of it, in the definition and, if it runs, live."""
    dom = require(conn, twin_id)
    ours = metadata(dom)
    if ours is None:
        raise TwinError("The metadata of domain %s has just been removed: run the task again." % dom.name())
    text = domain_metadata.text(change(ours))
    with spoken("Writing the metadata of domain %s" % dom.name()):
        flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG | (libvirt.VIR_DOMAIN_AFFECT_LIVE if dom.isActive() else 0)
        dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, text, domain_metadata.PREFIX, domain_metadata.NAMESPACE, flags)


def set_revision(conn: Connection, twin_id: str, revision: int) -> None:
    """Record the revision the twin is at."""
    change_metadata(conn, twin_id, lambda ours: {**ours, "revision": revision})


def set_snapshots(conn: Connection, twin_id: str, snapshots: list[Snapshot]) -> None:
    """Record the snapshots that the twin has."""
    change_metadata(conn, twin_id, lambda ours: {**ours, "snapshots": snapshots})


def running_spec(conn: Connection, twin: Twin) -> Spec | None:
    """The spec the twin's QEMU was started with, or None while it is off."""
    dom = lookup(conn, twin["domain"])
    with spoken("Reading domain %s" % twin["domain"]):
        return domain.read(dom.XMLDesc()) if dom and dom.isActive() else None


def define(conn: Connection, xml: str) -> Domain:
    """Define a domain, or define it anew under the same name and UUID."""
    with spoken("Defining the domain"):
        return conn.defineXML(xml)


def state(conn: Connection, name: str) -> str:
    """The state of a domain; absent where there is none of that name."""
    dom = lookup(conn, name)
    if dom is None:
        return "absent"
    with spoken("Reading domain %s" % name):
        return STATES[dom.state()[0]]


def boot(conn: Connection, twin: Twin, vcpus: int | None = None) -> None:
    """Bring a twin to state running from whatever state it is in; with that many virtual CPUs until it is started next, if it is off."""
    dom = require(conn, twin["twin"])
    if vcpus is None:
        reach(conn, dom, "running")
        return
    with spoken("Starting domain %s" % dom.name()):
        _start_network(conn, dom)
        conn.createXML(domain.build({**describe(dom)["spec"], "vcpus": vcpus}))  # beside the definition, which stays


def switch_off(conn: Connection, name: str) -> None:
    """End a domain's QEMU, whatever it is doing: libvirt kills one that does not end."""
    dom = lookup(conn, name)
    with spoken("Switching domain %s off" % name):
        if dom and dom.isActive():
            dom.destroy()


def agent(conn: Connection, name: str, command: str, seconds: int) -> str | None:
    """The answer of a domain's guest agent to a command, both JSON; None where it does not answer within its time, or refuses."""
    dom = lookup(conn, name)
    try:
        if dom is None or not domain.agent_connected(dom.XMLDesc()):
            return None
        ask = functools.partial(libvirt_qemu.qemuAgentCommand, dom, command, seconds, 0)
        return cast(str, bounded(ask, seconds + CONNECT_SECONDS, "libvirt, asked for the guest agent of domain %s," % name))
    except libvirt.libvirtError:
        return None


def reach(conn: Connection, dom: Domain, goal: str, patience: float = 0) -> bool:
    """Bring a domain to running, paused or shutoff; whether that took a change. patience: seconds a guest may take to shut down."""
    with spoken("Bringing domain %s to state %s" % (dom.name(), goal)):
        state = STATES[dom.state()[0]]
        if state == goal:
            return False
        if goal == "shutoff":
            _stop(dom, state, patience)
        elif state in ("crashed", "shutoff", "stopping"):
            if dom.isActive():
                dom.destroy()
            _start_network(conn, dom)
            dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if goal == "paused" else 0)
        elif goal == "paused":
            dom.suspend()
        elif state == "suspended":
            dom.pMWakeup()
        else:
            dom.resume()
    return True


def _start_network(conn: Connection, dom: Domain) -> None:
    """Have the network of a domain active, and closed to its twins where it is ours: a restart of the hypervisor forgets both."""
    name = domain.read(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))["network"]
    network = conn.networkLookupByName(name)
    if network_xml.read(network.XMLDesc())["ours"]:
        firewall.close(network_xml.bridge_name(name))
    if not network.isActive():
        network.create()


def _stop(dom: Domain, state: str, patience: float) -> None:
    """Ask the guest to shut down, and switch it off when it does not within its time."""
    deadline = time.monotonic() + patience
    if state == "paused":
        dom.resume()  # a paused guest hears nothing
    if state in ("running", "paused") and patience:
        dom.shutdown()
    while state != "crashed" and dom.isActive() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if dom.isActive():
        dom.destroy()


def undefine(dom: Domain) -> None:
    """Switch a domain off and forget its definition with all libvirt keeps for it; its disk files stay."""
    with spoken("Removing domain %s" % dom.name()):
        if dom.isActive():
            dom.destroy()
        dom.undefineFlags(
            libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
            | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
            | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
            | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
        )
