# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab host that looks like Fedora: its os-release is Fedora's, and it has neither dpkg nor apt."""
from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))

from labkit.pair import ROOT, Pair  # noqa: E402

FEDORA = """
rm -rf /usr/bin/dpkg* /usr/bin/apt* /var/lib/dpkg /var/lib/apt /etc/apt /etc/dpkg /etc/debian_version /etc/os-release
cat > /etc/os-release <<'END'
NAME="Fedora Linux"
VERSION="40 (Server Edition)"
ID=fedora
VERSION_ID=40
PRETTY_NAME="Fedora Linux 40 (Server Edition)"
END
echo 'Fedora release 40 (Forty)' | tee /etc/fedora-release /etc/redhat-release >/etc/system-release
"""


@pytest.fixture(scope="session")
def fedora(tmp_path_factory):
    """The host in an inventory whose hypervisor is this machine; it is removed at the end."""
    here = Pair("ctrpm", tmp_path_factory.mktemp("fedora"))
    for words in (["hypervisor", "up"], ["host", "down", here.host], ["host", "up", here.host]):
        subprocess.run(here.lab(*words), check=True, timeout=600)
    try:
        collection = here.home / "collections/ansible_collections/safetytwin/twin"
        collection.parent.mkdir(parents=True)
        collection.symlink_to(ROOT)
        here.write_inventory()
        here.environment["ANSIBLE_NOCOLOR"] = "1"
        subprocess.run(here.lab("host", "exec", here.host, "--", "sh", "-ec", FEDORA), check=True, timeout=60)
        yield here
    finally:
        subprocess.run(here.lab("host", "down", here.host), check=True, timeout=120)
