# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._twin import seed

KEYS = {"host_private": "PRIVATE\n", "host_public": "ssh-ed25519 AAAA twin\n", "authorized": "ssh-ed25519 BBBB\n"}


def documents(host="web1.example.org"):
    return seed.documents({"host": host, "twin": "the-twin", "uuid": "the-uuid"}, "52:54:00:01:02:03", KEYS, {"user": "twin", "hash": "$6$x"})


def test_documents_are_yaml_and_carry_marker_and_keys():
    texts = documents("web1 {{ x }}: [\"")
    assert texts["user-data"].startswith("#cloud-config\n")
    user = yaml.safe_load(texts["user-data"])
    files = {entry["path"]: entry for entry in user["write_files"]}
    assert yaml.safe_load(files[seed.MARKER]["content"]) == {"host": "web1 {{ x }}: [\"", "twin": "the-twin", "uuid": "the-uuid"}
    assert files["/etc/safetytwin/ssh_host_ed25519_key"]["permissions"] == "0600"
    assert user["ssh_pwauth"] is False
    assert ["touch", "/etc/cloud/cloud-init.disabled"] in user["runcmd"]
    assert yaml.safe_load(texts["meta-data"])["instance-id"] == "the-uuid"
    assert yaml.safe_load(texts["network-config"])["version"] == 2


@pytest.mark.parametrize(("host", "short"), [("web1.example.org", "web1"), ("a b", "a-b"), ("ü", "twin"), ("w" * 80, "w" * 63)])
def test_host_names_are_valid(host, short):
    assert seed.short_name(host) == short


@pytest.mark.skipif(shutil.which("genisoimage") is None, reason="genisoimage is not installed")
def test_the_image_is_labelled_closed_and_replaced_in_one_step(tmp_path):
    path = tmp_path / "seed.iso"
    seed.write_iso(str(path), documents())
    seed.write_iso(str(path), documents())
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["seed.iso"]
    names = subprocess.run(["isoinfo", "-J", "-f", "-i", str(path)], check=True, capture_output=True, text=True).stdout.split()
    assert names == ["/meta-data", "/network-config", "/user-data"]
    assert path.read_bytes()[32808:32814] == b"cidata"
