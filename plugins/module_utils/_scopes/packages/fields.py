# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope packages."""

from __future__ import annotations

from ..grammars import ARCHITECTURE, FLAG, NOTHING, PACKAGE, VERSION, Text, choice, either, text
from ..model import Scope, desired, telemetry

KEY = Text("", "%s:%s" % (PACKAGE.pattern, ARCHITECTURE.pattern), 288, "a package name and an architecture, joined by a colon")

SCOPE = Scope("Packages of the system's package manager, by name:architecture.", True, {
    "": {
        "version": desired(either(VERSION.doc + ", or nothing", VERSION, NOTHING), "Full version; empty where a broken database has none.", needed=True),
        "status": desired(
            choice("installed", "config-files", "broken"), "installed, config-files (removed, configuration kept) or broken.", needed=True),
        "held": desired(FLAG, "Selected as hold."),
        "automatic": desired(FLAG, "Installed only as a dependency, from apt's extended_states."),
        "origin": telemetry(text(1024), "Where the installed version comes from, as apt-cache policy names it; empty when nowhere."),
    },
}, builds_on=("accounts",), keys={"": KEY}, most=50000)
