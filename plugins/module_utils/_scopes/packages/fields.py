# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope packages."""

from __future__ import annotations

from ..model import Scope, desired, telemetry

SCOPE = Scope("Packages of the system's package manager, by name:architecture.", True, {
    "": {
        "version": desired("str", "Full version."),
        "status": desired("str", "installed, config-files (removed, configuration kept) or broken."),
        "held": desired("bool", "Selected as hold."),
        "automatic": desired("bool", "Installed only as a dependency, from apt's extended_states."),
        "origin": telemetry("str", "Where the installed version comes from, as apt-cache policy names it; empty when nowhere."),
    },
}, builds_on=("accounts",))
