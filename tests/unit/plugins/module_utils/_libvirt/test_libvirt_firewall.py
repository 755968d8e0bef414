# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is given to nft; that the rules hold real packets back is proven in tests/integration/network."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import Result
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import firewall


@pytest.fixture(name="given")
def fixture_given(monkeypatch):
    scripts = []
    monkeypatch.setattr(firewall, "run", lambda argv, stdin: scripts.append((argv, stdin.decode())) or Result(0, b"", b""))
    return scripts


def test_each_bridge_has_a_table_of_its_own(given):
    firewall.close("safetytwin0")
    firewall.remove("st0123456789")
    assert [argv for argv, _script in given] == [["nft", "-f", "-"]] * 2
    assert "table inet safetytwin_safetytwin0" in given[0][1] and 'iifname "safetytwin0" drop' in given[0][1]
    assert given[1][1].splitlines()[-1] == "delete table inet safetytwin_st0123456789"


def test_without_nft_no_twin_is_started_and_the_advice_names_the_package(monkeypatch):
    monkeypatch.setattr(firewall, "run", lambda argv, stdin: Result(127, b"", b"nft: no such program"))
    with pytest.raises(TwinError, match="Install the package nftables"):
        firewall.close("safetytwin0")


def test_what_nft_says_is_passed_on(monkeypatch):
    monkeypatch.setattr(firewall, "run", lambda argv, stdin: Result(1, b"", b"Error: Operation not permitted"))
    with pytest.raises(TwinError, match="close the bridge safetytwin0 to the twins: Error: Operation not permitted"):
        firewall.close("safetytwin0")
