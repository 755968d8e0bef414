# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages import apt_auto

pytestmark = pytest.mark.skipif(not shutil.which("dpkg"), reason="a machine of another package manager has no apt to mark for")

BEFORE = "Package: libfoo\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: odd\nArchitecture: amd64\nAuto-Installed: 0\nX-Kept: yes\n\n"


@pytest.fixture
def states(tmp_path):
    path = tmp_path / "extended_states"
    path.write_text(BEFORE)
    return path


def test_existing_marks_are_not_changed(states):
    assert apt_auto.mark({"libfoo:amd64": True, "never:amd64": False, "odd:amd64": False}, str(states)) == set()
    assert states.read_text() == BEFORE


def test_marks_are_set_taken_back_and_forgotten(states):
    assert apt_auto.mark({"libfoo:amd64": None, "libbar:amd64": True}, str(states)) == {"libfoo:amd64", "libbar:amd64"}
    after = states.read_text()
    assert "libfoo" not in after
    assert "Package: libbar\nArchitecture: amd64\nAuto-Installed: 1\n\n" in after
    assert "Package: odd\nArchitecture: amd64\nAuto-Installed: 0\nX-Kept: yes\n\n" in after
    assert apt_auto.mark({"libbar:amd64": False}, str(states)) == {"libbar:amd64"}
    assert "libbar" not in states.read_text()


def test_a_machine_without_marks(tmp_path):
    path = tmp_path / "extended_states"
    assert apt_auto.mark({"libbar:all": True}, str(path)) == {"libbar:all"}
    assert "Architecture: all" not in path.read_text(), "apt files these under the machine's architecture"
