# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope accounts."""

from __future__ import annotations

from ..grammars import ACCOUNT, GECOS, HOME, ID, Listing, prefixed
from ..model import Scope, desired

SCOPE = Scope("Users, groups and memberships in /etc/passwd and /etc/group, without password hashes.", True, {
    "group": {
        "gid": desired(ID, "Numeric id.", needed=True),
        "members": desired(Listing(ACCOUNT, 65536), "Sorted user names from /etc/group.", needed=True),
    },
    "user": {
        "uid": desired(ID, "Numeric id.", needed=True),
        "group": desired(ACCOUNT, "Name of the primary group, or its number if it has no name.", needed=True),
        "gecos": desired(GECOS, "Comment field.", needed=True),
        "home": desired(HOME, "Home directory.", needed=True),
        "shell": desired(HOME, "Login shell.", needed=True),
    },
}, keys={"group": prefixed("group:", ACCOUNT), "user": prefixed("user:", ACCOUNT)}, most=131072)
