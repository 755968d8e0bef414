# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import baseimage


@pytest.fixture
def image(tmp_path, monkeypatch):
    monkeypatch.setattr(baseimage, "require_reachable", lambda path: None)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / "disk.qcow2"), "1M"], check=True)
    return tmp_path


def test_an_image_with_a_boot_loader_has_the_digest_of_its_disk(image):
    first = baseimage.read_image(str(image))
    assert (first["disk"], first["boot"]) == (str(image / "disk.qcow2"), None)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image / "disk.qcow2"), "2M"], check=True)
    assert baseimage.read_image(str(image))["digest"] != first["digest"]


def test_a_kernel_beside_it_is_booted_with_the_line_of_its_manifest(image):
    for name in ("vmlinuz", "initrd.img"):
        (image / name).touch()
    assert baseimage.read_image(str(image))["boot"]["cmdline"] == baseimage.CMDLINE
    (image / "manifest.json").write_text(json.dumps({"cmdline": "root=/dev/vda x", "digest": "d"}))
    found = baseimage.read_image(str(image))
    assert found["boot"] == {"kernel": str(image / "vmlinuz"), "initrd": str(image / "initrd.img"), "cmdline": "root=/dev/vda x"}
    assert found["digest"] == "d"


@pytest.mark.parametrize(("spoil", "sentence"), [
    (lambda image: os.unlink(image / "disk.qcow2"), "is missing: build it"),
    (lambda image: (image / "vmlinuz").touch(), "only one of vmlinuz and initrd.img"),
    (lambda image: (image / "manifest.json").write_text("{"), "is not JSON"),
    (lambda image: os.truncate(image / "disk.qcow2", 4096), "damaged or truncated|not a readable"),
])
def test_what_is_missing_or_damaged_is_a_sentence(image, spoil, sentence):
    spoil(image)
    with pytest.raises(TwinError, match=sentence):
        baseimage.read_image(str(image))
