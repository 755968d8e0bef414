# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """How modules that only read behave."""

    READS = r"""
attributes:
  check_mode:
    support: full
    description: It reads only; check mode is the same run.
  diff_mode:
    support: none
    description: It reads only.
"""

    # besides READS
    FACTS = r"""
attributes:
  facts:
    support: full
    description: Returns C(ansible_facts) that belong to the host the task runs on.
seealso:
  - module: safetytwin.twin.host_state_info
"""
