# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, Refused, TwinError


def test_errors_keep_their_sentence_and_share_one_base_class():
    for error in (TwinError, Refused, Busy):
        assert issubclass(error, TwinError)
        assert str(error("The twin x is off: start it.")) == "The twin x is off: start it."
    assert not issubclass(Refused, Busy)
    assert not issubclass(Busy, Refused)
