# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope files."""

from __future__ import annotations

from ..model import Scope, desired, telemetry

SCOPE = Scope("Configuration and local files, by path.", True, {
    "": {
        "type": desired("str", "file, dir, link, or fifo/socket/block/char."),
        "mode": desired("str", "Permission bits in octal, four digits; not for links."),
        "owner": desired("str", "User name, or number where it has no name."),
        "group": desired("str", "Group name, or number where it has no name."),
        "target": desired("str", "Where a link points."),
        "size": desired("int", "Bytes of a regular file."),
        "digest": desired("str", "SHA-256 of a regular file's content."),
        "package": telemetry("str", "Package the path belongs to (for links in /etc/systemd: the target's)."),
        "pristine": telemetry("bool", "Content equals the package's own: known by the package, not carried."),
    },
}, builds_on=("accounts", "packages"))
