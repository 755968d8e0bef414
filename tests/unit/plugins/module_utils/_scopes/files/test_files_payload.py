# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.payload import PAYLOAD

FILE = {"type": "file", "digest": "d1"}


def test_contents_travel_with_files_that_are_not_their_packages():
    assert PAYLOAD.carried("/etc/a", FILE)
    assert not PAYLOAD.carried("/etc/a", dict(FILE, pristine=True))
    assert PAYLOAD.carried("/etc/apt/trusted.gpg.d/debian.asc", dict(FILE, pristine=True)), "the hypervisor has to verify repositories with it"
    assert PAYLOAD.carried("/usr/share/keyrings/debian.gpg", dict(FILE, pristine=True))
    assert not PAYLOAD.carried("/etc/a", {"type": "link", "target": "x"})
    assert PAYLOAD.content(FILE) == "d1"
    assert PAYLOAD.content({"type": "dir"}) is None


def test_a_step_needs_a_content_that_is_not_there():
    assert PAYLOAD.contents({"want": FILE, "have": None}) == ["d1"]
    assert PAYLOAD.contents({"want": FILE, "have": {"type": "file", "digest": "d2"}}) == ["d1"]
    assert PAYLOAD.contents({"want": dict(FILE, mode="0600"), "have": FILE}) == []
    assert PAYLOAD.contents({"want": {"type": "dir"}, "have": FILE}) == []
    assert PAYLOAD.contents({"want": None, "have": FILE}) == []
