# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of a host that has other alternatives of dependencies than the first: it contains those of the host only."""
from __future__ import annotations

import base64
import json
import pathlib
import platform
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))
from labkit import tree  # noqa: E402

IMAGE = "safetytwin.twin.twin_image"
# bsd-mailx accepts any mail-transport-agent and names exim4 first; initramfs-tools-core recommends busybox or busybox-static.
HOST = ("systemd-sysv", "udev", "openssh-server", "python3", "e2fsprogs", "initramfs-tools", "busybox-static", "postfix", "bsd-mailx")


@pytest.fixture(name="made", scope="module")
def fixture_made(play, tmp_path_factory):
    work = tmp_path_factory.mktemp("alternatives")
    package = {"version": "1", "status": "installed", "held": False, "automatic": False}
    (work / "facts.json").write_text(json.dumps({
        "distribution": {"id": "debian", "version_id": "12", "codename": tree.codename()},
        "architecture": platform.machine(),
        "packages": {name + ":all": package for name in HOST},
        "accounts": {},
        "sources": [{"path": "/etc/apt/sources.list.d/debian.sources", "content": base64.b64encode(tree.sources(tree.codename()).encode()).decode()}],
    }))
    options = {"facts": str(work / "facts.json"), "directory": str(work / "images")}
    results = play({"made": {IMAGE: options}, "again": {IMAGE: options}}).results
    assert results["made"]["changed"] and not results["again"]["changed"]
    return results["made"]


@pytest.mark.parametrize(("chosen", "named_first"), [("busybox-static", "busybox"), ("postfix", "exim4-base"), ("initramfs-tools", "tiny-initramfs")])
def test_the_hosts_alternative_is_used(made, chosen, named_first):
    names = {package.partition(":")[0] for package in made["manifest"]["packages"]}
    assert chosen in names and named_first not in names


def test_the_ramdisk_of_the_hosts_own_builder_is_taken_unpacked(made):
    with open(made["directory"] + "/initrd.img", "rb") as stream:
        assert stream.read(6) == b"070701"
