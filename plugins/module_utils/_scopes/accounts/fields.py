# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope accounts."""

from __future__ import annotations

from ..model import Scope, desired

SCOPE = Scope("Users, groups and memberships of the local files; no password hashes.", True, {
    "group": {
        "gid": desired("int", "Numeric id."),
        "members": desired("list", "Sorted user names that /etc/group lists."),
    },
    "user": {
        "uid": desired("int", "Numeric id."),
        "group": desired("str", "Name of the primary group (its number where it has no name)."),
        "gecos": desired("str", "Comment field."),
        "home": desired("str", "Home directory."),
        "shell": desired("str", "Login shell."),
    },
})
