# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.reasons import REASONS, code_of, explain


def test_a_reason_is_a_code_with_or_without_a_detail():
    assert code_of("needs_excluded: /etc/x: y") == "needs_excluded"
    assert code_of("identity") == "identity"


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_code_is_a_sentence(code):
    assert explain(code).endswith(".")
    assert explain(code + ": a detail") == REASONS[code].sentence + " (a detail)"
