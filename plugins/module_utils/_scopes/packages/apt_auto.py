# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt's marks of packages that were installed as dependencies.

apt keeps them in one small file of stanzas; apt-mark would build apt's whole cache to change it, which takes an
emulated twin seconds.
"""

from __future__ import annotations

import os
import re
from typing import Mapping

from ..._base.codec import write_atomic
from ..._base.run import check

STATES = "/var/lib/apt/extended_states"


def mark(wanted: Mapping[str, bool | None], path: str = STATES) -> set[str]:
    """Set marks and return the keys that changed; wanted is {"name:arch": automatic, or None to forget it}."""
    stanzas = _read(path)
    native = check(["dpkg", "--print-architecture"], "Reading the architecture").decode("ascii").strip()
    changed = set()
    for key, automatic in wanted.items():
        name, arch = key.rsplit(":", 1)
        # apt files packages of no architecture under the machine's
        place = (name, native if arch == "all" else arch)
        was = bool(re.search(r"^Auto-Installed: *1$", stanzas.get(place, ""), re.MULTILINE))
        if was != bool(automatic):
            changed.add(key)
        if automatic and not was:
            stanzas[place] = "Package: %s\nArchitecture: %s\nAuto-Installed: 1\n" % place
        elif was and not automatic:
            del stanzas[place]
    if changed:
        write_atomic(path, "".join(stanza + "\n" for stanza in stanzas.values()).encode("utf-8"), 0o644)
    return changed


def _read(path: str) -> dict[tuple[str, str], str]:
    """{(name, architecture): stanza}"""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as stream:
        parts = [part.strip("\n") + "\n" for part in stream.read().split("\n\n") if part.strip()]
    return {(_field(part, "Package"), _field(part, "Architecture")): part for part in parts}


def _field(stanza: str, name: str) -> str:
    found = re.search(r"^%s: *(\S+)$" % name, stanza, re.MULTILINE)
    return found.group(1) if found else ""
