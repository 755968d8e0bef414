# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk layers of a running guest: cut and merged by QEMU under it, since its files are open."""

from __future__ import annotations

import time
from typing import Any

from . import client, domain

AGENT_SECONDS = 10
POLL_SECONDS = 0.1


def chain(dom: Any) -> list[str]:
    """Paths of the layers a guest has open, the written one first; none while it is off."""
    with client.spoken("Reading domain %s" % dom.name()):
        return domain.chain(dom.XMLDesc()) if dom.isActive() else []


def cut(dom: Any, path: str) -> str:
    """Freeze the layer a running or paused guest writes to and go on in a new one at path.

    Returns "quiesced" when the guest agent froze the file systems meanwhile, else "crash" (as after a power cut).
    """
    api = client.api()
    flags = api.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA | api.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | api.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    xml = domain.snapshot_xml(path)
    with client.spoken("Cutting a layer of domain %s" % dom.name()):
        if dom.state()[0] == api.VIR_DOMAIN_RUNNING and domain.agent_connected(dom.XMLDesc()):
            dom.agentSetResponseTimeout(AGENT_SECONDS)
            try:
                dom.snapshotCreateXML(xml, flags | api.VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE)
                return "quiesced"
            except api.libvirtError as error:
                if error.get_error_code() not in (
                    api.VIR_ERR_AGENT_UNRESPONSIVE,
                    api.VIR_ERR_AGENT_COMMAND_TIMEOUT,
                    api.VIR_ERR_AGENT_COMMAND_FAILED,
                ):
                    raise
        dom.snapshotCreateXML(xml, flags)
    return "crash"


def merge(dom: Any, child: str, parent: str) -> None:
    """Write the content of one layer of the running chain into the one below it, which takes its place."""
    api = client.api()
    with client.spoken("Merging layer %s of domain %s" % (child, dom.name())):
        active = chain(dom)[0] == child
        dom.blockCommit(domain.DISK, parent, child, 0, api.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE if active else 0)
        while True:
            job = dom.blockJobInfo(domain.DISK)
            if not job:
                return
            if active and domain.mirror_ready(dom.XMLDesc()):
                dom.blockJobAbort(domain.DISK, api.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
                return
            time.sleep(POLL_SECONDS)
