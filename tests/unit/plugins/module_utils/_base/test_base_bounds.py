# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reply costs its receiver: measured in a process of its own, as its highest resident size above that before the reply."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import bounds, run, unix_http
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import aptroot
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program

ROOT = pathlib.Path(__file__).resolve().parents[5]
MIB = 1 << 20
MEASURED = r"""\
import base64, os, re, sys, zlib
from module_utils._base import errors
from module_utils._transport import program

def packed():
    stream, parts = zlib.compressobj(%(level)d), []
    for part in %(parts)s:
        parts.append(stream.compress(part))
    return b"safetytwin:" + base64.b64encode(b"".join(parts) + stream.flush())

open(sys.argv[1], "wb").write(packed()) if sys.argv[2] == "make" else None
if sys.argv[2] == "read":
    # ru_maxrss would include the process that started this one
    peak = lambda: int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read()).group(1)) << 10
    before, output = peak(), bytearray()
    with open(sys.argv[1], "rb") as stream:
        for block in iter(lambda: stream.read(65536), b""):
            output += block
    try:
        program.unpack(output, "web1")
        said = "read"
    except errors.TwinError as error:
        said = str(error)
    print(peak() - before, said)
"""
# {what is sent: (parts of the JSON text, compression level, what becomes of it)}
SENT = {
    "a bomb": ("[b'\"' + b'a' * (1 << 20)] + [b'a' * (1 << 20)] * 400 + [b'\"']", 9, "too large"),
    "brackets": ("[b'[' * 100000]", 9, "cannot be read"),
    "empty lists": ("[b'[']+ [b'[],' * 1000] * 5000 + [b'[]]']", 9, "too large"),
    "as many small objects as are read": ("[b'{\"reply\":[']+ [b'{\"\":0},' * 1000] * 75 + [b'{}]}']", 9, "read"),
    "as many keys as are read": ("[b'{\"reply\":{']+ [b'\"%06d\":\"%06d\",' % (n, n) for n in range(155000)] + [b'\"\":0}}']", 9, "read"),
    "as much of everything as is read": (
        "[b'{\"reply\":{']+ [b'\"%06d\":\"%s\",' % (n, b'a' * 80) for n in range(155000)] + "
        "[b'\"\":\"', b'\\\\ud83d\\\\ude00', b'a' * 1000000, b'\"}}']", 9, "read"),
    "text that cannot be compressed": ("[b'{\"reply\":\"']+ [base64.b64encode(os.urandom(3 << 18))] * 15 + [b'\"}']", 0, "read"),
    "characters of four bytes": ("[b'{\"reply\":\"', b'\\\\ud83d\\\\ude00']+ [b'a' * (1 << 20)] * 15 + [b'\"}']", 9, "too large"),
}


def cost(tmp_path, sent):
    """(bytes of memory, what was said)."""
    parts, level, _outcome = SENT[sent]
    code = MEASURED % {"parts": parts, "level": level}
    for what in ("make", "read"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "reply"), what], capture_output=True, text=True, check=True,
            env=dict(os.environ, PYTHONPATH=str(ROOT / "plugins")),
        )
    size, said = done.stdout.split(" ", 1)
    return int(size), said


@pytest.mark.hostile
@pytest.mark.parametrize("sent", sorted(SENT))
def test_no_reply_costs_its_receiver_more_than_64_mib(tmp_path, sent):
    size, said = cost(tmp_path, sent)
    assert SENT[sent][2] in said
    assert size <= 64 * MIB, "%d MiB" % (size // MIB)


def test_a_reply_of_another_size_than_the_bound_is_read_or_refused(monkeypatch):
    monkeypatch.setattr(bounds, "TEXT", 100)
    assert program.unpack(program.pack({"reply": "a" * 80}), "web1") == "a" * 80
    with pytest.raises(TwinError, match="^web1 sent a reply that is too large"):
        program.unpack(program.pack({"reply": "a" * 100}), "web1")
    monkeypatch.setattr(bounds, "PACKED", 10)
    with pytest.raises(TwinError, match="^web1 sent a reply that is too large"):
        program.unpack(program.pack({"reply": ""}), "web1")


def test_the_documented_bounds_are_those_of_the_code():
    table = dict(re.findall(r"^\| `([a-z_]+\.[A-Z]+)` \| ([0-9 ]+) \|", (ROOT / "docs/protocol.md").read_text(encoding="utf-8"), re.MULTILINE))
    known = {"bounds.TEXT": bounds.TEXT, "bounds.PACKED": bounds.PACKED, "bounds.ITEMS": bounds.ITEMS, "bounds.WIDE": bounds.WIDE,
             "run.LIMIT": run.LIMIT, "aptroot.LISTED": aptroot.LISTED, "unix_http.LIMIT": unix_http.LIMIT}
    assert {name: int(value.replace(" ", "")) for name, value in table.items()} == known
