# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a twin's domain says of the twin: our element of its metadata, as a plain value. Pure: text in, text out.

Format 1 had one twin per host and no fields twin and follows.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TypedDict

from .._base.errors import Refused

NAMESPACE = "https://safetytwin.com/ns/twin/1"
PREFIX = "twin"
FORMAT = 2
TEXTS = ("twin", "host", "machine_id", "image", "address", "host_key")

ET.register_namespace(PREFIX, NAMESPACE)


class Snapshot(TypedDict):
    """A name for a frozen disk layer; consistency is stopped, quiesced or crash."""

    name: str
    file: str
    consistency: str
    number: int


class Metadata(TypedDict):
    """The twin's id and its host, whether syncs of the host bring it along, and what it was made of."""

    format: int
    twin: str
    host: str
    follows: bool
    machine_id: str
    image: str  # digest
    revision: int
    address: str  # its fixed lease, or empty
    host_key: str  # public, of the twin's management ssh
    touched: int  # changes that libvirt_twin made to the machine; the store has the number of the last whole read
    snapshots: list[Snapshot]


def tag(name: str) -> str:
    """An element's name in our namespace."""
    return "{%s}%s" % (NAMESPACE, name)


def text(metadata: Metadata) -> str:
    """The element as XML text without a namespace: libvirt's setMetadata refuses one and adds it itself."""
    return ET.tostring(element(metadata), encoding="unicode")


def element(metadata: Metadata) -> ET.Element:
    """The element, in the newest format, without a namespace."""
    root = ET.Element("twin", {"format": str(FORMAT)})
    fields = {name: str(value) for name, value in metadata.items() if name in TEXTS}
    fields["follows"] = "yes" if metadata["follows"] else "no"
    fields["revision"], fields["touched"] = str(metadata["revision"]), str(metadata["touched"])
    for name in sorted(fields):
        ET.SubElement(root, name).text = fields[name]
    for snapshot in metadata["snapshots"]:
        ET.SubElement(root, "snapshot", {key: str(value) for key, value in sorted(snapshot.items())})
    return root


def touched(metadata: Metadata) -> Metadata:
    """The metadata of a twin after one more change to its machine: the next cycle reads the whole twin."""
    return {**metadata, "touched": metadata["touched"] + 1}


def read(xml: str, domain: str) -> Metadata:
    """Our metadata from XML text, with or without namespace; domain is the name of the domain that has it. A newer format than ours is refused."""
    root = ET.fromstring(xml)
    for each in root.iter():
        each.tag = each.tag.partition("}")[2] or each.tag
    found = int(root.get("format", "0"))
    if found > FORMAT:
        raise Refused("The metadata of domain %s has format %d, but this version supports at most %d: update the collection." % (domain, found, FORMAT))
    if found < 2:
        ET.SubElement(root, "twin").text = domain
        ET.SubElement(root, "follows").text = "yes"
    return {
        "format": FORMAT, "twin": _text(root, "twin"), "host": _text(root, "host"), "follows": _text(root, "follows") == "yes",
        "machine_id": _text(root, "machine_id"), "image": _text(root, "image"), "revision": int(_text(root, "revision") or 0),
        "address": _text(root, "address"), "host_key": _text(root, "host_key"), "touched": int(_text(root, "touched") or 0),
        "snapshots": [_snapshot(each) for each in root.iterfind("snapshot")],
    }


def _text(root: ET.Element, name: str) -> str:
    return root.findtext(name) or ""


def _snapshot(found: ET.Element) -> Snapshot:
    """A snapshot; what an attribute of it lacks is empty."""
    return {
        "name": found.get("name", ""), "file": found.get("file", ""), "consistency": found.get("consistency", ""), "number": int(found.get("number", "0")),
    }
