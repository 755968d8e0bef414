# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._converge import spool as converge_spool

HELLO = hashlib.sha256(b"hello").hexdigest()


def packed(*members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def unpacked(raw, directory):
    tar, request = converge_spool.open_request(io.BytesIO(raw))
    return request, converge_spool.spooled(tar, str(directory))


REQUEST = ("request.json", json.dumps({"host": "web1"}).encode())


def test_members_are_found_by_digest_and_by_package(tmp_path):
    raw = packed(REQUEST, ("blobs/" + HELLO, b"hello"), ("packages/libc6_1%3a2.36-9+b1_amd64.deb", b"!<arch>"))
    request, spooled = unpacked(raw, tmp_path / "in")
    with spooled as spool:
        assert request == {"host": "web1"}
        with open(spool.blob(HELLO), "rb") as stream:
            assert stream.read() == b"hello"
        assert spool.blob("0" * 64) is None
        assert spool.package("libc6:amd64", "1:2.36-9+b1")[0] == "1:2.36-9+b1"
        assert spool.package("libc6:amd64", "1:2.36-9")[0] == "1:2.36-9+b1", "the version sent in its place"
        assert spool.package("libc6:i386", "1:2.36-9+b1") is None
        assert os.stat(tmp_path / "in").st_mode & 0o777 == 0o700
    assert not (tmp_path / "in").exists()


def test_files_of_a_killed_run_are_removed_first(tmp_path):
    left = tmp_path / "in" / "blobs" / ("1" * 64)
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    _request, spooled = unpacked(packed(REQUEST), tmp_path / "in")
    with spooled as spool:
        assert spool.blob("1" * 64) is None


@pytest.mark.parametrize("name", ["../evil", "blobs/../../evil", "/etc/passwd", "blobs/short", "packages/a/b_1_all.deb", "packages/x_1_all.sh"])
def test_a_member_of_no_known_form_stops_the_request(tmp_path, name):
    _request, spooled = unpacked(packed(REQUEST, (name, b"x")), tmp_path / "in")
    with pytest.raises(TwinError, match="neither a blob nor a package"), spooled:
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_among_the_members_stops_the_request(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        first = tarfile.TarInfo("request.json")
        first.size = 2
        tar.addfile(first, io.BytesIO(b"{}"))
        link = tarfile.TarInfo("blobs/" + HELLO)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        tar.addfile(link)
    _request, spooled = unpacked(stream.getvalue(), tmp_path / "in")
    with pytest.raises(TwinError, match="no regular file"), spooled:
        pass


def test_a_damaged_blob_stops_the_request(tmp_path):
    _request, spooled = unpacked(packed(REQUEST, ("blobs/" + HELLO, b"hullo")), tmp_path / "in")
    with pytest.raises(TwinError, match="arrived damaged"), spooled:
        pass


@pytest.mark.parametrize("cut", [0, 100, 700, 1600])
def test_a_request_that_ends_early_is_a_sentence(tmp_path, cut):
    raw = packed(REQUEST, ("blobs/" + hashlib.sha256(b"x" * 4096).hexdigest(), b"x" * 4096))

    def receive():
        with unpacked(raw[:cut], tmp_path / "in")[1]:
            pass

    with pytest.raises(TwinError, match=r"cannot be read|does not begin|ended early|arrived damaged"):
        receive()


def test_the_request_is_the_first_member(tmp_path):
    with pytest.raises(TwinError, match="does not begin"):
        converge_spool.open_request(io.BytesIO(packed(("blobs/" + HELLO, b"hello"), REQUEST)))
