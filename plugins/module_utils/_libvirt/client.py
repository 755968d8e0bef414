# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only file that imports libvirt: connections, domains, their states. Its errors leave here as sentences."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

from .._base.access import PORT
from .._base.errors import TwinError
from . import domain
from .domain import domain_name

try:
    import libvirt
except ImportError:  # said when it is needed: documentation and other machines do without
    libvirt = None

URI = "qemu:///system"
CONNECT_SECONDS = 30
POLL_SECONDS = 0.25
# By libvirt's state number; blocked is running, as seen from outside.
STATES = ("unknown", "running", "running", "paused", "stopping", "shutoff", "crashed", "suspended")


@contextlib.contextmanager
def connect(uri=URI, readonly=False):
    """An open connection, closed at the end; a daemon that is down, closed to us or hung is a sentence."""
    if libvirt is None:
        raise TwinError("%s has no libvirt bindings: install python3-libvirt, or let ansible_python_interpreter name a Python that has them." % sys.executable)
    libvirt.registerErrorHandler(_silent, None)  # else every error is printed, too
    opened = bounded(lambda: _open(uri, readonly), CONNECT_SECONDS, "libvirt at %s" % uri)
    try:
        yield opened
    finally:
        opened.close()


def _silent(context, error):
    """Errors are raised; nothing is printed."""


def _open(uri, readonly):
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


def bounded(work, seconds, what):
    """The result of work(), or a sentence when it takes longer; a thread stuck in libvirt is left behind and dies with us."""
    box = {}

    def attempt():
        try:
            box["value"] = work()
        except TwinError as error:
            box["error"] = error

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in box:
        raise box["error"]
    if "value" not in box:
        raise TwinError("%s does not answer within %d s: look at the daemon or the network there." % (what, seconds))
    return box["value"]


@contextlib.contextmanager
def spoken(doing):
    """Turn libvirt's errors into a sentence that begins with what was being done."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise TwinError("%s failed: %s." % (doing, str(error).rstrip("."))) from error


def lookup(conn, name):
    """The libvirt domain of that name, or None."""
    try:
        return conn.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise TwinError("Looking for domain %s failed: %s." % (name, error)) from error


def metadata(dom):
    """Our metadata of a domain, or None when it is not ours or just went away."""
    try:
        return domain.read_metadata(dom.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, domain.NAMESPACE, libvirt.VIR_DOMAIN_AFFECT_CONFIG))
    except libvirt.libvirtError as error:
        if error.get_error_code() in (
            libvirt.VIR_ERR_NO_DOMAIN_METADATA,
            libvirt.VIR_ERR_NO_DOMAIN,
            libvirt.VIR_ERR_OPERATION_INVALID,
        ):
            return None
        raise TwinError("Reading the metadata of domain %s failed: %s." % (dom.name(), error)) from error


def describe(dom):
    """A twin as a value: {"domain", "uuid", "state", "address" ("" if not fixed), "port", "metadata", "directory", "spec"}; metadata must be ours."""
    with spoken("Reading domain %s" % dom.name()):
        spec = domain.read(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        state = STATES[dom.state()[0]]
    return {
        "domain": spec["name"],
        "uuid": spec["uuid"],
        "state": state,
        "address": spec["metadata"]["address"],
        "port": PORT,
        "metadata": spec["metadata"],
        "directory": os.path.dirname(spec["disk"]),
        "spec": spec,
    }


def twins(conn):
    """Every twin on the connection, by name of its domain."""
    with spoken("Listing domains"):
        domains = conn.listAllDomains()
    return sorted((describe(dom) for dom in domains if metadata(dom)), key=lambda twin: twin["domain"])


def find_twin(conn, host):
    """The twin of a host as describe() gives it, or None; found by metadata, whatever the domain is called."""
    dom = _find(conn, host)
    return describe(dom) if dom else None


def _find(conn, host):
    likely = lookup(conn, domain_name(host))
    if likely and (metadata(likely) or {}).get("host") == host:
        return likely
    with spoken("Listing domains"):
        domains = conn.listAllDomains()
    return next((dom for dom in domains if (metadata(dom) or {}).get("host") == host), None)


def require(conn, host):
    """The libvirt domain of a host's twin; a sentence if there is none."""
    dom = _find(conn, host)
    if dom is None:
        raise TwinError("Host %s has no twin here: run safetytwin.twin.sync or libvirt_twin with state running." % host)
    return dom


def set_metadata(conn, host, **fields):
    """Change fields of the twin's metadata, in the definition and, if it runs, live."""
    dom = require(conn, host)
    text = domain.metadata_xml(dict(metadata(dom), **fields))
    with spoken("Writing the metadata of domain %s" % dom.name()):
        flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG | (libvirt.VIR_DOMAIN_AFFECT_LIVE if dom.isActive() else 0)
        dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, text, domain.PREFIX, domain.NAMESPACE, flags)


def set_revision(conn, host, revision):
    """Record the revision the twin is at."""
    set_metadata(conn, host, revision=int(revision))


def running_spec(conn, twin):
    """The spec the twin's QEMU was started with, or None while it is off."""
    dom = lookup(conn, twin["domain"])
    with spoken("Reading domain %s" % twin["domain"]):
        return domain.read(dom.XMLDesc()) if dom and dom.isActive() else None


def define(conn, xml):
    """Define a domain, or define it anew under the same name and UUID."""
    with spoken("Defining the domain"):
        return conn.defineXML(xml)


def ensure_running(conn, host):
    """Bring the host's twin to state running from whatever state it is in; whether that took a change."""
    dom = require(conn, host)
    return reach(conn, dom, "running")


def reach(conn, dom, goal, patience=0):
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


def _start_network(conn, dom):
    network = conn.networkLookupByName(domain.read(dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))["network"])
    if not network.isActive():
        network.create()


def _stop(dom, state, patience):
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


def undefine(dom):
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
