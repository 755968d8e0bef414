# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import reading
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context


def test_a_failed_scope_does_not_stop_the_others(tmp_path):
    (tmp_path / "etc/group").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text("Package: a\nStatus: install ok installed\nVersion: 1\n")
    bodies, moving, seconds = reading.read_all({name: Context(TWIN, root=str(tmp_path)) for name in ("accounts", "packages")}, {})
    assert moving == {}
    assert bodies["accounts"]["status"] == "failed"
    assert bodies["accounts"]["note"].startswith("The scope accounts could not be read: ")
    assert list(bodies["packages"]["items"]) == ["a:all"]
    assert list(seconds) == ["packages"]


def test_a_scope_that_is_not_there_is_refused():
    with pytest.raises(TwinError, match="There is no scope nonsense. .*: accounts, "):
        reading.read_all({"nonsense": Context(TWIN)}, {})


def test_readback_reads_only_the_named_keys():
    bodies = reading.readback({"accounts": ["user:root", "user:nobody-has-this"]})
    assert list(bodies) == ["accounts"]
    assert bodies["accounts"]["items"]["user:root"]["uid"] == 0
    assert list(bodies["accounts"]["items"]) == ["user:root"]


def test_warm_has_the_index_of_packages_ready():
    reading.WARM.clear()
    reading.warm()
    assert set(reading.WARM["dpkg"]) == {"owners", "md5"}
