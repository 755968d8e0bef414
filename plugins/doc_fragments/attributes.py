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
    description: The module only reads, so check mode does the same.
  diff_mode:
    support: none
    description: The module only reads.
"""

    # besides READS
    FACTS = r"""
attributes:
  facts:
    support: full
    description: Returns C(ansible_facts) of the host that runs the task.
seealso:
  - module: safetytwin.twin.host_state_info
"""
