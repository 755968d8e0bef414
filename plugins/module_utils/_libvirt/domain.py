# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin's domain as a plain value: its name, its XML and our metadata in it. Pure: text in, text out.

A spec is {"name", "uuid", "memory" (MiB), "vcpus", "accel": "kvm"|"tcg", "machine": "q35"|"pc", "network", "mac",
"disk" (path of the layer being written), "seed" (path), "boot": {"kernel", "initrd", "cmdline"} or None for firmware boot, "metadata"}.
Metadata is {"format", "host", "machine_id", "image" (digest), "revision", "address" (fixed lease or ""), "host_key" (public, of the twin's ssh),
"snapshots": [{"name", "file", "consistency", "number"}]}.
"""

from __future__ import annotations

import hashlib
import os
import xml.etree.ElementTree as ET

from .._base.errors import Refused, TwinError
from .._base.names import twin_id

NAMESPACE = "https://safetytwin.com/ns/twin/1"
PREFIX = "twin"
FORMAT = 1
DISK = "vda"
CDROM = {"q35": ("sda", "sata"), "pc": ("hda", "ide")}  # q35 has no IDE controller

ET.register_namespace(PREFIX, NAMESPACE)


def domain_name(host: str) -> str:
    """The domain of the twin that follows a host; it has the twin's id."""
    return twin_id(host)


def mac_address(domain):
    """The fixed MAC of a twin, in QEMU's range, from its domain's name."""
    tail = hashlib.sha256(domain.encode("utf-8")).digest()
    return "52:54:00:%02x:%02x:%02x" % tuple(tail[:3])


def metadata_xml(metadata):
    """Our metadata element as XML text without a namespace: libvirt's setMetadata refuses one and adds it itself."""
    return ET.tostring(_metadata(metadata), encoding="unicode")


def _metadata(metadata):
    root = ET.Element("twin", {"format": str(metadata["format"])})
    for field in ("host", "machine_id", "image", "revision", "address", "host_key"):
        _child(root, field, str(metadata[field]))
    for snapshot in metadata["snapshots"]:
        ET.SubElement(root, "snapshot", {key: str(value) for key, value in sorted(snapshot.items())})
    return root


def read_metadata(text):
    """Our metadata from its XML text, with or without namespace; a newer format than ours is refused."""
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.partition("}")[2] or element.tag
    layout = int(root.get("format", "0"))
    if layout > FORMAT:
        raise Refused("The domain's metadata has format %d, but this version supports at most %d: update the collection." % (layout, FORMAT))

    snapshots = [dict(element.attrib, number=int(element.get("number"))) for element in root.iterfind("snapshot")]
    return {
        "format": layout,
        "host": root.findtext("host") or "",
        "machine_id": root.findtext("machine_id") or "",
        "image": root.findtext("image") or "",
        "revision": int(root.findtext("revision") or 0),
        "address": root.findtext("address") or "",
        "host_key": root.findtext("host_key") or "",
        "snapshots": snapshots,
    }


def build(spec):
    """The domain XML of a spec."""
    kvm = spec["accel"] == "kvm"
    root = ET.Element("domain", {"type": "kvm" if kvm else "qemu"})
    _child(root, "name", spec["name"])
    _child(root, "uuid", spec["uuid"])
    ours = _metadata(spec["metadata"])
    for element in ours.iter():
        element.tag = _tag(element.tag)
    ET.SubElement(root, "metadata").append(ours)
    _child(root, "memory", str(spec["memory"]), unit="MiB")
    _child(root, "vcpu", str(spec["vcpus"]))
    _boot(root, spec)
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")
    ET.SubElement(features, "apic")
    cpu = ET.SubElement(root, "cpu", {"mode": "host-passthrough" if kvm else "maximum"})
    if not kvm:
        _child(ET.SubElement(features, "tcg"), "tb-cache", "256", unit="MiB")
        ET.SubElement(cpu, "feature", {"policy": "disable", "name": "la57"})  # a fifth page-table level, walked in software
    clock = ET.SubElement(root, "clock", {"offset": "utc"})
    ET.SubElement(clock, "timer", {"name": "hpet", "present": "no"})
    _child(root, "on_poweroff", "destroy")
    _child(root, "on_reboot", "restart")
    _child(root, "on_crash", "preserve")  # a panicked guest is seen as crashed, not as running
    _devices(ET.SubElement(root, "devices"), spec)
    return ET.tostring(root, encoding="unicode")


def _boot(root, spec):
    system = ET.SubElement(root, "os")
    _child(system, "type", "hvm", arch="x86_64", machine=spec["machine"])
    for part in ("kernel", "initrd", "cmdline"):
        if spec["boot"]:
            _child(system, part, spec["boot"][part])
    ET.SubElement(system, "boot", {"dev": "hd"})


def _devices(devices, spec):
    _disk(devices, "disk", {"type": "qcow2", "cache": "writeback", "discard": "unmap"}, spec["disk"], DISK, "virtio")
    cdrom = _disk(devices, "cdrom", {"type": "raw"}, spec["seed"], *CDROM[spec["machine"]])
    ET.SubElement(cdrom, "readonly")
    ET.SubElement(devices, "controller", {"type": "usb", "model": "none"})
    link = ET.SubElement(devices, "interface", {"type": "network"})
    ET.SubElement(link, "mac", {"address": spec["mac"]})
    ET.SubElement(link, "source", {"network": spec["network"]})
    ET.SubElement(link, "model", {"type": "virtio"})
    ET.SubElement(link, "port", {"isolated": "yes"})  # twins see the hypervisor, never each other
    serial = ET.SubElement(devices, "serial", {"type": "pty"})
    ET.SubElement(serial, "log", {"file": os.path.join(os.path.dirname(spec["disk"]), "console.log"), "append": "off"})
    channel = ET.SubElement(devices, "channel", {"type": "unix"})
    ET.SubElement(channel, "target", {"type": "virtio", "name": "org.qemu.guest_agent.0"})
    rng = ET.SubElement(devices, "rng", {"model": "virtio"})
    _child(rng, "backend", "/dev/urandom", model="random")
    ET.SubElement(devices, "panic", {"model": "isa"})
    ET.SubElement(devices, "memballoon", {"model": "none"})


def _disk(devices, device, driver, path, target, bus):
    disk = ET.SubElement(devices, "disk", {"type": "file", "device": device})
    ET.SubElement(disk, "driver", dict(driver, name="qemu"))
    ET.SubElement(disk, "source", {"file": path})
    ET.SubElement(disk, "target", {"dev": target, "bus": bus})
    return disk


def read(text):
    """The spec in a domain's inactive XML; what libvirt adds by itself (labels, addresses, aliases) is left out."""
    root = ET.fromstring(text)
    system = root.find("os")
    boot = {part: system.findtext(part) or "" for part in ("kernel", "initrd", "cmdline")}
    metadata = root.find("metadata/" + _tag("twin"))
    return {
        "name": root.findtext("name"),
        "uuid": root.findtext("uuid"),
        "memory": int(root.findtext("memory")) // 1024,  # libvirt answers in KiB
        "vcpus": int(root.findtext("vcpu")),
        "accel": "kvm" if root.get("type") == "kvm" else "tcg",
        "machine": "q35" if "q35" in system.find("type").get("machine") else "pc",
        "network": root.find("devices/interface/source").get("network"),
        "mac": root.find("devices/interface/mac").get("address"),
        "disk": disk_path(root),
        "seed": root.find("devices/disk[@device='cdrom']/source").get("file"),
        "boot": boot if boot["kernel"] else None,
        "metadata": read_metadata(ET.tostring(metadata, encoding="unicode")) if metadata is not None else None,
    }


def disk_path(domain):
    """The file the domain writes to; domain is XML text or its parsed root."""
    root = ET.fromstring(domain) if isinstance(domain, str) else domain
    for disk in root.iterfind("devices/disk"):
        if disk.find("target").get("dev") == DISK:
            return disk.find("source").get("file")
    raise TwinError("Domain %s has no disk %s." % (root.findtext("name"), DISK))


def chain(text):
    """Files of the disk's backing chain in live XML, the written one first."""
    node = ET.fromstring(text).find("devices/disk[@device='disk']")
    files = []
    while node is not None and node.find("source") is not None:
        files.append(node.find("source").get("file"))
        node = node.find("backingStore")
    return files


def mirror_ready(text):
    """Whether live XML says that a merge of the written layer has caught up with the guest."""
    mirror = ET.fromstring(text).find("devices/disk[@device='disk']/mirror")
    return mirror is not None and mirror.get("ready") == "yes"


def snapshot_xml(path):
    """The XML that makes libvirt go on writing in a new layer at path."""
    root = ET.Element("domainsnapshot")
    disk = ET.SubElement(ET.SubElement(root, "disks"), "disk", {"name": DISK, "snapshot": "external"})
    ET.SubElement(disk, "driver", {"type": "qcow2"})
    ET.SubElement(disk, "source", {"file": path})
    return ET.tostring(root, encoding="unicode")


def agent_connected(text):
    """Whether live XML says that a guest agent has opened its channel."""
    target = ET.fromstring(text).find("devices/channel/target[@name='org.qemu.guest_agent.0']")
    return target is not None and target.get("state") == "connected"


def differences(have, want):
    """Names of the fields in which two specs differ."""
    return sorted(field for field in want if want[field] != have.get(field))


def _tag(name):
    return "{%s}%s" % (NAMESPACE, name)


def _child(parent, tag, text, **attributes):
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child
