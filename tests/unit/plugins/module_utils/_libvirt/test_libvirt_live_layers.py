# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to libvirt about layers of a running guest, by a stand-in for its domain; a real one is in tests/integration."""
from __future__ import annotations

import itertools
import types

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import live_layers


class LibvirtError(Exception):
    def get_error_code(self):
        return self.args[0]


FLAGS = {
    "VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA": 1, "VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY": 2, "VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC": 4,
    "VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE": 8, "VIR_DOMAIN_BLOCK_COMMIT_ACTIVE": 1, "VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT": 2, "VIR_DOMAIN_RUNNING": 1,
    "VIR_ERR_AGENT_UNRESPONSIVE": 86, "VIR_ERR_AGENT_COMMAND_TIMEOUT": 87, "VIR_ERR_AGENT_COMMAND_FAILED": 88,
}
XML = """<domain><devices>
<channel><target type="virtio" name="org.qemu.guest_agent.0" state="%s"/></channel>
<disk type="file" device="disk"><source file="/t/b"/><target dev="vda"/>%s
<backingStore type="file"><source file="/t/a"/><backingStore type="file"><source file="/image"/><backingStore/></backingStore></backingStore></disk>
</devices></domain>"""


class Domain:
    def __init__(self, agent="connected", active=True, error=None, jobs=()):
        self.agent, self.active, self.error, self.jobs, self.said = agent, active, error, iter(jobs), []

    def name(self):
        return "twin-x"

    def isActive(self):
        return self.active

    def state(self):
        return [1 if self.active else 5]

    def XMLDesc(self):
        return XML % (self.agent, '<mirror ready="yes"/>' if any(word == "commit" for word, *_rest in self.said) else "")

    def agentSetResponseTimeout(self, _seconds):
        pass

    def snapshotCreateXML(self, _xml, flags):
        self.said.append(("snapshot", flags))
        if self.error and flags & 8:
            raise LibvirtError(self.error)

    def blockCommit(self, _disk, base, top, _bandwidth, flags):
        self.said.append(("commit", base, top, flags))

    def blockJobInfo(self, _disk):
        return next(self.jobs)

    def blockJobAbort(self, _disk, flags):
        self.said.append(("pivot", flags))


@pytest.fixture(autouse=True)
def api(monkeypatch):
    monkeypatch.setattr(live_layers.client, "libvirt", types.SimpleNamespace(libvirtError=LibvirtError, **FLAGS))
    monkeypatch.setattr(live_layers, "POLL_SECONDS", 0)


def test_the_chain_of_a_guest_that_runs():
    assert live_layers.chain(Domain())[:2] == ["/t/b", "/t/a"]
    assert live_layers.chain(Domain(active=False)) == []


def test_a_snapshot_is_quiesced_if_the_agent_runs():
    domain = Domain()
    assert live_layers.cut(domain, "/t/c") == "quiesced"
    assert domain.said == [("snapshot", 15)]
    assert live_layers.cut(Domain(agent="disconnected"), "/t/c") == "crash"


@pytest.mark.parametrize("code", [86, 87, 88])
def test_a_snapshot_with_a_failing_agent_is_marked_as_crash(code):
    domain = Domain(error=code)
    assert live_layers.cut(domain, "/t/c") == "crash"
    assert domain.said == [("snapshot", 15), ("snapshot", 7)]


def test_another_error_is_a_sentence():
    with pytest.raises(TwinError, match="Cutting a layer of domain twin-x"):
        live_layers.cut(Domain(error=1), "/t/c")


def test_the_written_layer_is_merged_and_left():
    domain = Domain(jobs=itertools.repeat({"cur": 1, "end": 1}))
    live_layers.merge(domain, "/t/b", "/t/a")
    assert domain.said == [("commit", "/t/a", "/t/b", 1), ("pivot", 2)]


def test_a_layer_in_between_is_merged_until_its_job_is_over():
    domain = Domain(jobs=[{"cur": 0, "end": 2}, {"cur": 1, "end": 2}, {}])
    live_layers.merge(domain, "/t/a", "/image")
    assert domain.said == [("commit", "/image", "/t/a", 0)]
