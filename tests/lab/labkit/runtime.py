# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runtime's form of module_utils, for tests: a package `safetytwin`, as on hosts, hypervisors and twins."""

from __future__ import annotations

import sys

from .pair import ROOT

HOME = ROOT / "build" / "runtime"


def importable() -> None:
    """Have `import safetytwin` find this checkout's."""
    HOME.mkdir(parents=True, exist_ok=True)
    package = HOME / "safetytwin"
    if not package.is_symlink():
        package.symlink_to(ROOT / "plugins" / "module_utils")
    if str(HOME) not in sys.path:
        sys.path.insert(0, str(HOME))
