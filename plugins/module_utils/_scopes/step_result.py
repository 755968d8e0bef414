# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of one step."""

from __future__ import annotations

import collections

# changed: something was written or told; failed: None or a sentence, which may begin with `CODE:` of _base/reasons.
Done = collections.namedtuple("Done", "changed failed")

UNCHANGED = Done(False, None)
CHANGED = Done(True, None)


def failed(sentence, changed=False):
    """A step that did not reach its goal, and why."""
    return Done(changed, str(sentence))
