# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._transport.payload import read_back


def body(**items):
    return {"status": "ok", "note": "", "items": items, "excluded": {}}


def test_what_was_read_replaces_what_was_known_and_nothing_else():
    before = {"accounts": body(a=1, b=2), "files": body(kept=1, edited=1, gone=1), "services": body(cron=1)}
    read = {"accounts": None, "files": ["edited", "gone", "new"]}
    after = read_back(before, {"read": read, "scopes": {"accounts": body(a=1), "files": body(edited=2, new=1)}})
    assert after == {"accounts": body(a=1), "files": body(kept=1, edited=2, new=1), "services": body(cron=1)}
    assert before["files"] == body(kept=1, edited=1, gone=1)


def test_a_scope_that_could_not_be_read_back_stays_as_it_was_known():
    before = {"files": body(edited=1, kept=1), "accounts": body(a=1)}
    broken = dict(body(), status="failed", note="no answer")
    after = read_back(before, {"read": {"files": ["edited"], "accounts": None}, "scopes": {"files": broken, "accounts": broken}})
    assert after == before
