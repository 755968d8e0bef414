# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections
import re
import socket

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.hardware import collect as hardware

Entry = collections.namedtuple("Entry", "family address netmask")


def test_addresses_have_their_prefix_and_no_zone():
    assert hardware._address(Entry(socket.AF_INET, "192.0.2.7", "255.255.255.240")) == "192.0.2.7/28"
    assert hardware._address(Entry(socket.AF_INET6, "fe80::1%eth0", "ffff:ffff:ffff:ffff::")) == "fe80::1/64"
    assert hardware._address(Entry(socket.AF_PACKET, "00:00:5e:00:53:01", None)) is None


def test_this_machine_has_the_items_that_every_machine_has():
    items = hardware.collect(Context())["items"]
    assert {"cpu", "memory", "kernel", "distribution", "virtualization", "filesystem:/"} <= set(items)
    assert items["memory"]["bytes"] > 1 << 26
    assert items["cpu"]["count"] > 0


def test_only_what_was_asked_for():
    assert list(hardware.collect(Context(only=["memory"]))["items"]) == ["memory"]


def test_without_psutil_addresses_are_unknown_and_not_empty(monkeypatch):
    monkeypatch.setattr(hardware, "psutil", None)
    context = Context()
    body = hardware.collect(context)
    assert not [item for key, item in body["items"].items() if key.startswith("nic:") and "addresses" in item]
    assert re.fullmatch(r"The addresses of network interfaces are unknown, because \S+ has no psutil: .*install.*\.", context.missed[0])
    assert body["note"] == " ".join(context.missed)


def test_a_file_system_that_does_not_answer_is_told(monkeypatch):
    def silent(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(hardware.os, "statvfs", silent)
    body = hardware.collect(Context())
    assert "bytes" not in body["items"]["filesystem:/"]
    assert "The size of the file system / is unknown: Permission denied." in body["note"]
