# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a distribution's kernel: of this machine, of a twin, or from a package."""
from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))

from labkit import packages, runtime, tree  # noqa: E402

runtime.importable()
PLACES = (("/boot", "vmlinuz*"), ("/var/lib/safetytwin/images", "*/vmlinuz"))


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """Its path."""
    packages.install()
    found = [path for place, pattern in PLACES for path in sorted(pathlib.Path(place).glob(pattern))]
    return str(found[0] if found else _unpacked(tmp_path_factory.mktemp("kernel")))


def _unpacked(work):
    """From a package that the lab has kept, or that this machine's sources have."""
    kept = sorted(tree.debs(tree.codename()).glob("linux-image-[0-9]*.deb"))
    if not kept:
        said = subprocess.run(["apt-cache", "depends", "linux-image-amd64", "linux-image-generic"], capture_output=True, text=True, check=False).stdout
        name = re.search(r"Depends: (linux-image-[0-9]\S+)", said).group(1)
        subprocess.run(["apt-get", "-q", "download", name], cwd=work, check=True, timeout=300)
        kept = list(work.glob("*.deb"))
    subprocess.run(["dpkg-deb", "--extract", str(kept[0]), str(work / "tree")], check=True, timeout=120)
    return next((work / "tree/boot").glob("vmlinuz*"))
