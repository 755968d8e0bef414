# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest

libvirt = pytest.importorskip("libvirt")

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import client, deadline  # noqa: E402


@pytest.fixture
def hung(monkeypatch):
    """Calls of libvirt's bindings that do not return."""
    forever = threading.Event()
    monkeypatch.setattr(deadline, "SECONDS", 0.2)
    monkeypatch.setattr(deadline, "SLOW_SECONDS", 0.2)
    yield lambda *_words: forever.wait()
    forever.set()


def test_a_call_that_hangs_is_bounded(hung):
    with pytest.raises(TwinError, match="libvirt does not answer within 1 s"):
        deadline.bounded(hung, 1, "libvirt")


def test_a_call_that_fails_says_why():
    def fail():
        raise ValueError("the true cause")

    with pytest.raises(ValueError, match="the true cause"):
        deadline.bounded(fail, 1, "libvirt")


@pytest.mark.parametrize(("kind", "name", "call"), [
    ("virConnect", "lookupByName", lambda conn: conn.lookupByName("test")),
    ("virConnect", "listAllDomains", lambda conn: conn.listAllDomains()),
    ("virDomain", "destroy", lambda conn: conn.lookupByName("test").destroy()),
    ("virDomain", "XMLDesc", lambda conn: conn.listAllDomains()[0].XMLDesc()),
    ("virNetwork", "isActive", lambda conn: conn.networkLookupByName("default").isActive()),
])
def test_every_call_over_a_connection_has_a_deadline_and_the_next_call_is_answered(monkeypatch, hung, kind, name, call):
    with client.connect("test:///default") as conn:
        with monkeypatch.context() as patch:
            patch.setattr(getattr(libvirt, kind), name, hung)
            with pytest.raises(TwinError, match="libvirt, asked for %s, does not answer" % name):
                call(conn)
        assert conn.lookupByName("test").name() == "test"


def test_errors_of_libvirt_arrive_as_they_are():
    with client.connect("test:///default") as conn, pytest.raises(libvirt.libvirtError):
        conn.lookupByName("none")
