# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policy leaves out of the scope services."""

from __future__ import annotations

from ..._base.patterns import matches_any
from ..model import Item, Scopes
from ..parts import Policy, TwinRules

# Nothing of what makes virtual machines belongs into the twin of the machine that runs it: left out where a host is its own hypervisor.
MACHINERY = (
    "safetytwin-*", "libvirt*", "virt*d.service", "virt*d.socket", "virt*d-ro.socket", "virt*d-admin.socket", "virt*d-tcp.socket",
    "virt*d-tls.socket", "virt-guest-shutdown.target", "qemu-*", "machine-qemu*", "machines.target",
    # libvirt registers its machines there
    "systemd-machined.*",
)

# What a twin has of its own to boot, to be reached and to be proven a twin: left alone on both sides.
SUBSTRATE = (
    "safetytwin-*", "cloud-*", "qemu-guest-agent.service", "systemd-networkd*", "networking.service", "NetworkManager*", "ifup@*",
    "serial-getty@*", "systemd-fsck*", "systemd-remount-fs.service", "grub-*", "initrd-*",
    # A host's firewall does not know the twin's own door.
    "nftables.service", "netfilter-persistent.service", "ufw.service", "firewalld.service", "iptables.service",
)

# Consoles and mounts follow the machine, and are right when they differ.
MACHINE_UNITS = ("getty@*", "serial-getty@*", "container-getty@*", "console-getty.service", "*.mount", "*.swap", "*.device")
GENERATED = "/run/systemd/generator"
# What a unit that is not started does not do, either.
RUNNING = ("active", "listens", "listens_at")
# Units of other supervisors than systemd are recorded only.
FOREIGN = ("sysv:*", "supervisor:*", "snap:*")


def _adjust(key: str, item: Item, host: Scopes, _rules: TwinRules) -> tuple[Item | None, str | None]:
    """A unit that does not run on the host because of where it is, or cannot run without what was left out, is installed and not started."""
    if matches_any(MACHINE_UNITS, key):
        return None, "identity"
    if matches_any(FOREIGN, key):
        return None, "not_converged"
    if item.get("condition") is False and item.get("active") != "active":
        return _without(item, RUNNING), "condition_differs"
    left_out = host["files"]["excluded"] if "files" in host else {}
    needed = [entry["path"] for entry in item.get("environment_files") or () if not entry["optional"]]
    for path in needed + list(item.get("programs") or ()):
        if left_out.keys() & _with_parents(path):
            return _without(item, RUNNING), "needs_excluded: %s" % path
    if item.get("listens_at"):
        return _without(item, ("listens_at",)), "address_absent: %s" % ", ".join(item["listens_at"])
    return item, None


def _with_parents(path: str) -> set[str]:
    """A path and the directories above it: when a directory is left out, so is all that it holds."""
    parts = path.split("/")
    return {"/".join(parts[:length]) for length in range(2, len(parts) + 1)}


def _without(item: Item, fields: tuple[str, ...]) -> Item:
    return {name: value for name, value in item.items() if name not in fields}


def _stays(key: str, item: Item, packages: frozenset[str]) -> bool:
    """A unit of this machine, of a generator, or of a package that only the twin has."""
    return matches_any(MACHINE_UNITS, key) or (item.get("fragment") or "").startswith(GENERATED) or item.get("package") in packages


def _explains(item: Item, have: Item | None, fields: tuple[str, ...]) -> str | None:
    """A unit that runs on the host alone, because its condition does not hold in the twin, or one that runs and listens elsewhere."""
    if fields == ("listens",) and have is not None and have.get("listens") is not None:
        return listens_differ(item["listens"], have["listens"])
    unmet = fields == ("active",) and item.get("active") == "active" and (have or {}).get("condition") is False
    return "condition_differs" if unmet else None


def listens_differ(wanted: list[str], found: list[str]) -> str:
    """The reason of a unit that listens elsewhere than on its host."""
    return "listens_differ: on the host %s, in the twin %s" % (", ".join(wanted) or "nowhere", ", ".join(found) or "nowhere")


POLICY = Policy(machinery=MACHINERY, substrate=SUBSTRATE, adjust=_adjust, stays=_stays, explains=_explains)
