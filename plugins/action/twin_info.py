# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hypervisor knows of a host's twin; see the module of the same name."""
from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.safetytwin.twin.plugins.module_utils._codec import outward
from ansible_collections.safetytwin.twin.plugins.module_utils._errors import TwinError
from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import call

ARGUMENTS = {"host": {"type": "str", "required": True}, "audit_interval": {"type": "int", "default": 600}}


class ActionModule(ActionBase):
    """Reads only, so check mode is the same run."""

    _supports_check_mode = True
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        options = self.validate_argument_spec(ARGUMENTS)[1]
        try:
            known = call(self, "_overview", options)
        except TwinError as error:
            return dict(result, failed=True, msg=str(error))
        return dict(result, changed=False, twin=outward(known))
