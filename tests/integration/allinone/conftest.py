# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session's machine, from nothing to its second sync."""
from __future__ import annotations

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from machine import AllInOne  # noqa: E402

VERSIONS = {
    "the machine's system": ". /etc/os-release; echo $PRETTY_NAME, $(systemctl --version | head -1)",
    "its libvirt and QEMU": "virsh version | tail -2 | cut -d: -f2 | xargs",
    "its ansible-core": "ansible --version | head -1",
}


@pytest.fixture(scope="session")
def allinone(record_testsuite_property):
    """The machine after its first sync. It is removed at the end; one that a killed run left is removed first."""
    here = AllInOne()
    here.begin()
    try:
        for name, program in VERSIONS.items():
            record_testsuite_property(name, here.shell(program))
        here.play("install", "-e install_timer=false -e twin_memory_mib=1024")
        begun = time.monotonic()
        here.first = here.play("sync")
        record_testsuite_property("first sync, with base image and boot, seconds", round(time.monotonic() - begun))
        yield here
    finally:
        here.end()
