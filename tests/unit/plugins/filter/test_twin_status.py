# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter by its name, with the time of its call."""
from __future__ import annotations

import time

from ansible_collections.safetytwin.twin.plugins.filter.twin_status import FilterModule

KNOWN = {
    "known": True, "revision": 3, "due": [], "growth": [], "refused": [], "paused": "", "audited": 1.0, "verified": 1.0,
    "domain": None, "fidelity": {}, "revisions": [],
}


def test_a_twin_becomes_lines():
    now = time.time()  # the tests before this one may take minutes
    lines = FilterModule().filters()["twin_status"](dict(KNOWN, audited=now - 300, verified=now - 300), "web1", {"digest": "d", "differs": False})
    assert lines[0] == "web1  r3  the twin does not exist"
    assert lines[1].endswith("last change verified 5 min ago, last audit 5 min ago")


def test_details_reach_the_screen():
    fidelity = {"scopes": {}, "exceptions": [], "extras": [], "percent_reproduced": 100.0, "percent_explained": 100.0}
    known = dict(KNOWN, fidelity=dict(fidelity, scopes={"files": {"items": 1, "reproduced": 1, "degraded": 0, "impossible": 0}}))
    status = FilterModule().filters()["twin_status"]
    assert "  not read on either machine" in status(known, "web1", {}, True)
    assert "  not read on either machine" not in status(known, "web1", {})
