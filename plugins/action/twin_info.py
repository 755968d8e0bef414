# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hypervisor knows of a host's twin; see the module of the same name."""
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward
from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction


class ActionModule(ProgramAction):
    """Reads only, so check mode is the same run."""

    PROGRAM = "_status"
    MODULE = "twin_info"

    def _result(self, options, reply):
        return {"changed": False, "twin": outward(reply)}
