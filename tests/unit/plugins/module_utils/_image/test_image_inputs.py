# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, keys, package choice and manifest of a base image."""
from __future__ import annotations

import base64
import copy

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._image import inputs, tree

SHA = "sha256:" + "0" * 64
NGINX = {"version": "1.22", "status": "installed", "held": False, "automatic": False}
FACTS = {
    "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm"},
    "architecture": "x86_64",
    "packages": {"nginx:amd64": NGINX},
    "accounts": {
        "group:shop": {"gid": 990, "members": ["alice", "bob"]},
        "group:alice": {"gid": 1000, "members": []},
        "user:alice": {"uid": 1000, "group": "alice", "gecos": "Alice", "home": "/home/alice", "shell": "/bin/bash"},
        "user:shopd": {"uid": 990, "group": "shop", "gecos": "", "home": "/home/shopd", "shell": "/usr/sbin/nologin"},
        "user:lone": {"uid": 1001, "group": "4711", "gecos": "", "home": "/srv/lone", "shell": "/bin/sh"},
    },
    "sources": [{"path": "/etc/apt/sources.list", "content": base64.b64encode(b"deb http://mirror.example bookworm main\n").decode()}],
}


def changed(path, value):
    facts = copy.deepcopy(FACTS)
    place = facts
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return facts


@pytest.mark.parametrize(("request_", "said"), [
    ({}, "exactly one"),
    ({"path": "/a", "url": "http://x", "checksum": SHA}, "exactly one"),
    ({"url": "http://x"}, "checksum"),
    ({"url": "http://x", "checksum": "md5:00"}, "sha256:HEX"),
    ({"url": "http://x", "checksum": "sha512:" + "0" * 64}, "sha512:HEX"),
    ({"facts": changed(["distribution", "id"], "fedora")}, "Debian and Ubuntu"),
    ({"facts": changed(["distribution", "codename"], "")}, "code name"),
    ({"facts": changed(["architecture"], "sparc64")}, "sparc64"),
])
def test_a_request_that_cannot_be_met_is_refused_in_a_sentence(request_, said):
    with pytest.raises(TwinError, match=said):
        inputs.kind(request_)


def test_a_given_image_wins_over_the_facts():
    assert inputs.kind({"path": "/a", "facts": changed(["distribution", "id"], "fedora")}) == "path"
    assert inputs.kind({"facts": FACTS}) == "build"


@pytest.mark.parametrize(("path", "value"), [
    (["packages", "redis:amd64"], NGINX),
    (["packages", "nginx:amd64"], dict(NGINX, held=True)),
    (["packages", "nginx:amd64"], dict(NGINX, automatic=True)),
    (["accounts", "group:shop", "gid"], 991),
    (["distribution", "codename"], "trixie"),
    (["sources"], []),
])
def test_every_input_of_the_tree_is_in_the_key(path, value):
    assert inputs.key({"facts": changed(path, value)}) != inputs.key({"facts": FACTS})


@pytest.mark.parametrize(("path", "value"), [
    (["packages", "nginx:amd64"], dict(NGINX, version="1.24", origin="elsewhere")),
    (["packages", "linux-image-6.1.0-1-amd64:amd64"], NGINX),
    (["packages", "gone:amd64"], dict(NGINX, status="config-files")),
    (["accounts", "user:libvirt-qemu"], {"uid": 64055, "group": "kvm", "gecos": "", "home": "/var/lib/libvirt", "shell": "/usr/sbin/nologin"}),
])
def test_what_the_build_does_not_use_is_not_in_the_key(path, value):
    assert inputs.key({"facts": changed(path, value)}) == inputs.key({"facts": FACTS})


@pytest.mark.parametrize(("packages", "distribution", "builder"), [
    ([], "debian", "tiny-initramfs"),
    ([], "ubuntu", "initramfs-tools"),
    (["initramfs-tools:all"], "debian", "initramfs-tools"),
    (["tiny-initramfs:all"], "ubuntu", "tiny-initramfs"),
    (["dracut:amd64", "initramfs-tools-core:all"], "debian", "tiny-initramfs"),
])
def test_the_ramdisk_is_written_by_the_hosts_own_builder(packages, distribution, builder):
    facts = changed(["packages"], dict.fromkeys(packages, NGINX))
    facts["distribution"]["id"] = distribution
    assert inputs.ramdisk_builder(facts) == builder


def test_a_twin_brings_no_library_of_python_and_no_cloud_init():
    """What a dependency of these brings is counted in tests/integration/images."""
    brought = {*inputs.TWIN_PACKAGES, *inputs.RAMDISK_BUILDERS.values()}
    assert not [name for name in brought if name.startswith(("python3-", "cloud-"))]


def test_an_alternative_that_the_host_chose_is_taken_over():
    packages = {"busybox-static:amd64": NGINX, "exim4-daemon-light:amd64": NGINX}
    assert set(inputs.wanted(packages)) == set(packages)


def test_another_program_of_the_first_boot_is_another_image(monkeypatch):
    before = inputs.key({"facts": FACTS})
    monkeypatch.setattr(tree.inspect, "getsource", lambda _module: "another")
    assert inputs.key({"facts": FACTS}) != before


def test_packages_are_named_exactly_and_missing_ones_listed():
    keys = ("nginx:amd64", "tzdata:all", "libc6:i386", "libc6:amd64", "private:amd64", "grub-pc:amd64", "libvirt-daemon:amd64")
    packages = dict.fromkeys(keys, NGINX)
    available = {"nginx", "tzdata", "libc6", "libc6:i386", "grub-pc"}
    assert inputs.select(packages, "amd64", available) == (
        {"libc6": "libc6:amd64", "libc6:i386": "libc6:i386", "nginx": "nginx:amd64", "tzdata": "tzdata:all"}, ["private:amd64"],
    )
    assert inputs.architectures(packages, "amd64") == ["amd64", "i386"]


@pytest.mark.parametrize("path", ["/etc/apt/../passwd", "/etc/passwd", "etc/apt/x"])
def test_sources_are_lists_of_repositories_and_keys(path):
    with pytest.raises(TwinError, match="lists of repositories and their keys only"):
        inputs.apt_files([{"path": path, "content": ""}])


def test_sources_that_are_no_base64_are_refused():
    with pytest.raises(TwinError, match="not base64"):
        inputs.apt_files([{"path": "/etc/apt/sources.list", "content": "%%"}])


def test_the_manifest_tells_what_the_image_is():
    told = inputs.manifest({"facts": FACTS}, "k", ["nginx:amd64 1.22"], ["b", "a"], [])
    assert (told["source"], told["digest"], told["packages"], told["unavailable"]) == ("build", "k", {"nginx:amd64": "1.22"}, ["a", "b"])
