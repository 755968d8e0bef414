# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.step_result import CHANGED, UNCHANGED, failed


def test_results_say_whether_something_changed_and_why_not():
    assert (CHANGED.changed, CHANGED.failed) == (True, None)
    assert (UNCHANGED.changed, UNCHANGED.failed) == (False, None)
    assert (failed("why").changed, failed("why").failed) == (False, "why")
    assert (failed(TwinError("a sentence"), True).changed, failed(TwinError("a sentence")).failed) == (True, "a sentence")
