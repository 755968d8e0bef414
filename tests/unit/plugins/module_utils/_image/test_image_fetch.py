# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import hashlib
import http.server
import threading

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check
from ansible_collections.safetytwin.twin.plugins.module_utils._image import cache, fetch

BODY = b"\1" * 8192
SUM = "sha256:" + hashlib.sha256(BODY).hexdigest()


class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        if self.path.endswith("short"):
            self.close_connection = True
        super().end_headers()

    def do_GET(self):
        if not self.path.endswith("short"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", "9000")
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www/disk.raw").write_bytes(BODY)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "www"))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield "http://127.0.0.1:%d/" % running.server_address[1]
        running.shutdown()


def test_a_download_is_checked_converted_and_cleared_away(server, tmp_path):
    said = []
    fetch.take_url(server + "disk.raw", SUM, str(tmp_path), said.append)
    assert b'"format": "qcow2"' in check(["qemu-img", "info", "--output=json", str(tmp_path / "disk.qcow2")], "Asking")
    assert not (tmp_path / "download").exists()
    assert said == ["Downloading %sdisk.raw (0 MiB)" % server]


@pytest.mark.parametrize(("name", "checksum", "sentence"), [
    ("absent", SUM, "Downloading the base image .*404"), ("disk.raw", "sha256:" + "0" * 64, "damaged or a different image"),
    ("short", SUM, "truncated, 8192 of 9000"),
])
def test_a_wrong_download_gives_a_sentence(server, tmp_path, name, checksum, sentence):
    with pytest.raises(TwinError, match=sentence):
        fetch.take_url(server + name, checksum, str(tmp_path), lambda _line: None)
    assert not (tmp_path / "disk.qcow2").exists()


def test_a_local_file_that_is_missing_or_not_the_one(tmp_path):
    with pytest.raises(TwinError, match="is missing: give the path"):
        fetch.take_path(str(tmp_path / "absent"), None, str(tmp_path))
    (tmp_path / "disk").write_bytes(BODY)
    with pytest.raises(TwinError, match="damaged or a different image"):
        fetch.take_path(str(tmp_path / "disk"), "sha256:" + "0" * 64, str(tmp_path))


def test_other_formats_are_refused(tmp_path):
    check(["qemu-img", "create", "-q", "-f", "vmdk", str(tmp_path / "disk.vmdk"), "1M"], "Making a disk")
    with pytest.raises(TwinError, match="no qcow2 or raw disk image"):
        fetch.take_path(str(tmp_path / "disk.vmdk"), None, str(tmp_path))


def test_a_truncated_qcow2_is_refused(tmp_path):
    disk = tmp_path / "disk.qcow2"
    disk.write_bytes(b"QFI\xfb\0\0\0\3" + b"\0" * 20)
    with pytest.raises(TwinError, match="disk image"):
        cache.build({"path": str(disk)}, str(tmp_path / "images"))


@pytest.mark.hostile
@pytest.mark.parametrize("options", [["-b", "{0}/secret", "-F", "raw"], ["-o", "data_file={0}/secret"]])
def test_an_image_that_names_another_file_is_refused(tmp_path, options):
    (tmp_path / "secret").write_bytes(BODY)
    disk = tmp_path / "disk.img"
    check(["qemu-img", "create", "-q", "-f", "qcow2", *(word.format(tmp_path) for word in options), str(disk), "1M"], "Making a disk")
    with pytest.raises(TwinError, match="names another file for its data"):
        fetch.take_path(str(disk), None, str(tmp_path))
    assert not (tmp_path / "disk.qcow2").exists()


@pytest.mark.hostile
def test_a_text_that_names_the_parts_of_a_disk_is_refused(tmp_path):
    (tmp_path / "secret").write_bytes(BODY)
    (tmp_path / "disk").write_text('# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 16 FLAT "secret" 0\n')
    with pytest.raises(TwinError, match="no qcow2 or raw disk image"):
        fetch.take_path(str(tmp_path / "disk"), None, str(tmp_path))


def test_a_whole_qcow2_is_taken(tmp_path):
    check(["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / "disk.img"), "1M"], "Making a disk")
    fetch.take_path(str(tmp_path / "disk.img"), None, str(tmp_path))
    assert b'"virtual-size": 1048576' in check(["qemu-img", "info", "--output=json", str(tmp_path / "disk.qcow2")], "Asking")
