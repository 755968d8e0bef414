# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages.payload import PAYLOAD

WANT = {"status": "installed", "version": "1:2-3"}


def needed(want, have=None, key="shop:amd64"):
    return PAYLOAD.packages({"key": key, "want": want, "have": have})


def test_what_is_to_be_installed_needs_its_file():
    assert needed(WANT) == [{"name": "shop", "arch": "amd64", "version": "1:2-3", "have": ""}]
    assert needed(WANT, {"status": "config-files", "version": "1:2-3"})[0]["have"] == ""
    assert needed(WANT, dict(WANT, version="1"))[0]["have"] == "1"


def test_what_is_there_goes_or_only_keeps_its_configuration_needs_none():
    assert needed(dict(WANT, held=True), WANT) == []
    assert needed(None, WANT) == []
    assert needed({"status": "config-files", "version": "1"}) == []
