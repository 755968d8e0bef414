# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope files."""

from __future__ import annotations

from ..grammars import ACCOUNT, BYTES, DIGEST, FLAG, LINK_TARGET, PACKAGE, PATH, Text, choice
from ..model import Scope, desired, telemetry

MODE = Text("mode", r"[0-7]{4}", 4, "permission bits as four octal digits")

SCOPE = Scope("Configuration files and local files, by path.", True, {
    "": {
        "type": desired(choice("file", "dir", "link"), "file, dir or link.", needed=True),
        "mode": desired(MODE, "Permission bits in octal, four digits; not for links."),
        "owner": desired(ACCOUNT, "User name, or number where it has no name.", needed=True),
        "group": desired(ACCOUNT, "Group name, or number where it has no name.", needed=True),
        "target": desired(LINK_TARGET, "Target of a link."),
        "size": desired(BYTES, "Bytes of a regular file."),
        "digest": desired(DIGEST, "SHA-256 of a regular file's content."),
        "package": telemetry(PACKAGE, "Package that owns the path; of a link in /etc/systemd, the package of its target."),
        "pristine": telemetry(FLAG, "The content equals that of the package, so it is not sent."),
    },
}, builds_on=("accounts", "packages"), keys={"": PATH}, most=200000, needs={
    "": {"type": {"file": ("mode", "size", "digest"), "dir": ("mode",), "link": ("target",)}},
})
