# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction


def test_an_action_without_a_result_cannot_be_made():
    class Unfinished(ProgramAction):
        PROGRAM = "_ping"

    with pytest.raises(TypeError, match="_result"):
        Unfinished(None, None, None, None, None, None)  # pylint: disable=abstract-class-instantiated
