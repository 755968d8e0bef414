# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin's domain as a plain value: its name, which is the twin's id, and its XML. Pure: text in, text out."""

from __future__ import annotations

import hashlib
import os
import xml.etree.ElementTree as ET
from typing import Mapping, TypedDict

from .._base.errors import TwinError
from . import metadata
from .metadata import Metadata

DISK = "vda"
FILTER = "clean-traffic"
CDROM = {"q35": ("sda", "sata"), "pc": ("hda", "ide")}  # q35 has no IDE controller
SHOWN = 80  # characters of a host's name in title and description
DESCRIPTION = "Virtual machine %s, which mirrors the host %s. The Ansible collection safetytwin.twin manages it and replaces what is changed here by hand."


class Boot(TypedDict):
    """Paths of a kernel and an initrd that QEMU boots directly, and the kernel's command line."""

    kernel: str
    initrd: str
    cmdline: str


class Spec(TypedDict):
    """The definition of a twin's domain."""

    name: str
    uuid: str
    memory: int  # MiB
    vcpus: int
    disk_rate: int  # MiB per second that the disk is read and written at most; 0: any
    disk_iops: int  # requests per second; 0: any
    accel: str  # kvm or tcg
    machine: str  # q35 or pc
    network: str
    mac: str
    address: str  # the only one that its interface may send from; empty: any
    disk: str  # path of the layer that is written
    seed: str  # path
    boot: Boot | None  # None: the disk's own boot loader
    metadata: Metadata


def mac_address(twin_id: str) -> str:
    """The fixed MAC address of a twin, in QEMU's range."""
    return "52:54:00:%02x:%02x:%02x" % tuple(hashlib.sha256(twin_id.encode("utf-8")).digest()[:3])


def title(ours: Metadata) -> str:
    """What lists of domains show beside a twin's name."""
    return "Twin of %s%s" % (shown(ours["host"]), "" if ours["follows"] else " (does not follow it)")


def shown(name: str) -> str:
    """A name as one short line: libvirt refuses a title with a line break, and XML has no control characters."""
    line = "".join(character if character.isprintable() else "?" for character in name)
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def build(spec: Spec) -> str:
    """The domain XML of a spec."""
    kvm = spec["accel"] == "kvm"
    root = ET.Element("domain", {"type": "kvm" if kvm else "qemu"})
    _child(root, "name", spec["name"])
    _child(root, "uuid", spec["uuid"])
    _child(root, "title", title(spec["metadata"]))
    _child(root, "description", DESCRIPTION % (spec["metadata"]["twin"], shown(spec["metadata"]["host"])))
    ours = metadata.element(spec["metadata"])
    for element in ours.iter():
        element.tag = metadata.tag(element.tag)
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


def _boot(root: ET.Element, spec: Spec) -> None:
    system = ET.SubElement(root, "os")
    _child(system, "type", "hvm", arch="x86_64", machine=spec["machine"])
    for part, value in (spec["boot"] or {}).items():
        _child(system, part, str(value))
    ET.SubElement(system, "boot", {"dev": "hd"})


def _devices(devices: ET.Element, spec: Spec) -> None:
    # On a full file system the guest stops until there is space; it would see a broken disk otherwise.
    driver = {"type": "qcow2", "cache": "writeback", "discard": "unmap", "error_policy": "enospace"}
    disk = _disk(devices, "disk", driver, spec["disk"], DISK, "virtio")
    limits = {"total_bytes_sec": spec["disk_rate"] << 20, "total_iops_sec": spec["disk_iops"]}  # QEMU holds them itself, without control groups
    if any(limits.values()):
        tuned = ET.SubElement(disk, "iotune")
        for limit, value in limits.items():
            _child(tuned, limit, str(value))
    cdrom = _disk(devices, "cdrom", {"type": "raw"}, spec["seed"], *CDROM[spec["machine"]])
    ET.SubElement(cdrom, "readonly")
    ET.SubElement(devices, "controller", {"type": "usb", "model": "none"})
    link = ET.SubElement(devices, "interface", {"type": "network"})
    ET.SubElement(link, "mac", {"address": spec["mac"]})
    ET.SubElement(link, "source", {"network": spec["network"]})
    ET.SubElement(link, "model", {"type": "virtio"})
    ET.SubElement(link, "port", {"isolated": "yes"})  # twins see the hypervisor, never each other
    if spec["address"]:
        # libvirt's own filter against forged MAC, IPv4 and ARP; it lets no IPv6 through.
        filtered = ET.SubElement(link, "filterref", {"filter": FILTER})
        ET.SubElement(filtered, "parameter", {"name": "IP", "value": spec["address"]})
    serial = ET.SubElement(devices, "serial", {"type": "pty"})
    ET.SubElement(serial, "log", {"file": os.path.join(os.path.dirname(spec["disk"]), "console.log"), "append": "off"})
    channel = ET.SubElement(devices, "channel", {"type": "unix"})
    ET.SubElement(channel, "target", {"type": "virtio", "name": "org.qemu.guest_agent.0"})
    rng = ET.SubElement(devices, "rng", {"model": "virtio"})
    _child(rng, "backend", "/dev/urandom", model="random")
    ET.SubElement(devices, "panic", {"model": "isa"})
    ET.SubElement(devices, "memballoon", {"model": "none"})


def _disk(devices: ET.Element, device: str, driver: Mapping[str, str], path: str, target: str, bus: str) -> ET.Element:
    disk = ET.SubElement(devices, "disk", {"type": "file", "device": device})
    ET.SubElement(disk, "driver", dict(driver, name="qemu"))
    ET.SubElement(disk, "source", {"file": path})
    ET.SubElement(disk, "target", {"dev": target, "bus": bus})
    return disk


def read(text: str) -> Spec:
    """The spec in a twin's inactive XML; what libvirt adds by itself (labels, addresses, aliases) is left out."""
    root = ET.fromstring(text)
    name, system, ours = _text(root, "name"), _find(root, "os"), _find(root, "metadata/" + metadata.tag("twin"))
    return {
        "name": name,
        "uuid": _text(root, "uuid"),
        "memory": int(_text(root, "memory")) // 1024,  # libvirt answers in KiB
        "vcpus": int(_text(root, "vcpu")),
        "disk_rate": _limit(root, "total_bytes_sec") >> 20,
        "disk_iops": _limit(root, "total_iops_sec"),
        "accel": "kvm" if root.get("type") == "kvm" else "tcg",
        "machine": "q35" if "q35" in _attribute(system, "type", "machine") else "pc",
        "network": _attribute(root, "devices/interface/source", "network"),
        "mac": _attribute(root, "devices/interface/mac", "address"),
        "address": _filtered_address(root),
        "disk": disk_path(root),
        "seed": _attribute(root, "devices/disk[@device='cdrom']/source", "file"),
        "boot": _boot_of(system),
        "metadata": metadata.read(ET.tostring(ours, encoding="unicode"), name),
    }


def _filtered_address(root: ET.Element) -> str:
    parameter = root.find("devices/interface/filterref[@filter='%s']/parameter[@name='IP']" % FILTER)
    return "" if parameter is None else parameter.get("value") or ""


def _limit(root: ET.Element, name: str) -> int:
    """A limit of the disk; 0 where there is none."""
    return int(root.findtext("devices/disk[@device='disk']/iotune/" + name) or 0)


def _boot_of(system: ET.Element) -> Boot | None:
    boot: Boot = {"kernel": system.findtext("kernel") or "", "initrd": system.findtext("initrd") or "", "cmdline": system.findtext("cmdline") or ""}
    return boot if boot["kernel"] else None


def _find(parent: ET.Element, path: str) -> ET.Element:
    found = parent.find(path)
    if found is None:
        raise TwinError("The definition of a twin's domain has no %s: remove the twin, and make it again." % path)
    return found


def _text(parent: ET.Element, path: str) -> str:
    return _find(parent, path).text or ""


def _attribute(parent: ET.Element, path: str, attribute: str) -> str:
    return _find(parent, path).get(attribute) or ""


def disk_path(domain: str | ET.Element) -> str:
    """The file the domain writes to; domain is XML text or its parsed root."""
    root = ET.fromstring(domain) if isinstance(domain, str) else domain
    for disk in root.iterfind("devices/disk"):
        if _attribute(disk, "target", "dev") == DISK:
            return _attribute(disk, "source", "file")
    raise TwinError("Domain %s has no disk %s." % (root.findtext("name"), DISK))


def chain(text: str) -> list[str]:
    """Files of the disk's backing chain in live XML, the written one first."""
    node = ET.fromstring(text).find("devices/disk[@device='disk']")
    files = []
    while node is not None and node.find("source") is not None:
        files.append(_attribute(node, "source", "file"))
        node = node.find("backingStore")
    return files


def mirror_ready(text: str) -> bool:
    """Whether live XML says that a merge of the written layer has caught up with the guest."""
    mirror = ET.fromstring(text).find("devices/disk[@device='disk']/mirror")
    return mirror is not None and mirror.get("ready") == "yes"


def snapshot_xml(path: str) -> str:
    """The XML that makes libvirt go on writing in a new layer at path."""
    root = ET.Element("domainsnapshot")
    disk = ET.SubElement(ET.SubElement(root, "disks"), "disk", {"name": DISK, "snapshot": "external"})
    ET.SubElement(disk, "driver", {"type": "qcow2"})
    ET.SubElement(disk, "source", {"file": path})
    return ET.tostring(root, encoding="unicode")


def agent_connected(text: str) -> bool:
    """Whether live XML says that a guest agent has opened its channel."""
    target = ET.fromstring(text).find("devices/channel/target[@name='org.qemu.guest_agent.0']")
    return target is not None and target.get("state") == "connected"


def differences(have: Mapping[str, object], want: Mapping[str, object]) -> list[str]:
    """Names of the fields in which two specs differ."""
    return sorted(field for field in want if want[field] != have.get(field))


def _child(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child
