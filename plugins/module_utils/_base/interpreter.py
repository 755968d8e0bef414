# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python in use: whether it has a library, what to install where not, and how a program continues in another Python that has it."""
from __future__ import annotations

import importlib.util
import os
import sys

from .run import run

SYSTEM = "/usr/bin/python3"  # the distribution's own, for which it packages psutil and libvirt's bindings
OTHER = "SAFETYTWIN_OTHER_PYTHON"  # in the environment of a program: a second Python that it may use
PIP = {"psutil": "psutil", "libvirt": "libvirt-python"}
_PROBE = "import sys, %s; sys.exit(sys.version_info < (3, 8))"


def missing(library: str) -> bool:
    """Whether the Python in use has no such library."""
    return importlib.util.find_spec(library) is None


def advice(library: str, alone: bool = False) -> str:
    """What to do about a missing library, as the end of a sentence; alone: no other Python than the one in use is tried."""
    package = "install the package python3-%s" % library
    if sys.prefix == sys.base_prefix and os.path.realpath(sys.executable) == os.path.realpath(SYSTEM):
        return package
    pip = "run '%s -m pip install %s'" % (sys.executable, PIP[library])
    return pip if alone else "%s, or %s" % (package, pip)


def switch(library: str) -> None:
    """Start this program again in the other Python that the environment names, if only that one has the library."""
    other, spec = os.environ.pop(OTHER, ""), sys.modules["__main__"].__spec__
    if other and spec and missing(library) and run([other, "-c", _PROBE % library]).rc == 0:
        os.execv(other, [other, "-m", spec.name])
