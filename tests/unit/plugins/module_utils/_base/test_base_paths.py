# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base import paths
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files import rules

ABSOLUTE = ("CONFIGURATION", "STATE", "RUN", "CACHE", "MARKER", "INCOMING", "APPLY_LOCK")
RELATIVE = ("RUNTIME", "STORE_FILE", "BLOBS", "DOCUMENTS", "PACKAGES", "APT_ROOTS", "IMAGES", "TWINS", "BUILD_PACKAGES")


@pytest.mark.parametrize("name", ABSOLUTE)
def test_every_path_is_below_a_directory_of_the_collection(name):
    path = getattr(paths, name)
    assert path == os.path.normpath(path)
    assert path.startswith((paths.CONFIGURATION, paths.STATE, paths.RUN, paths.CACHE))
    assert path.split("/")[-1] == "safetytwin" or "/safetytwin/" in path


@pytest.mark.parametrize("name", RELATIVE)
def test_paths_below_a_configurable_root_are_relative(name):
    path = getattr(paths, name)
    assert not os.path.isabs(path)
    assert path == os.path.normpath(path)
    assert ".." not in path.split("/")


def test_a_harvest_ignores_the_collections_own_files():
    assert rules.verdict(paths.MARKER) == rules.IGNORE
    assert rules.verdict(os.path.join(paths.STATE, paths.RUNTIME, "x")) == rules.IGNORE
