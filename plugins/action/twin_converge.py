# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a host's twin what its host is; see the module of the same name."""
from __future__ import annotations

import json

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate import parse_seconds
from ansible_collections.safetytwin.twin.plugins.plugin_utils._report import line, shown
from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction


class ActionModule(ProgramAction):
    """The harvest lies on the controller; everything else happens on the task's machine, the hypervisor."""

    PROGRAM = "_reconcile"
    MODULE = "twin_converge"

    _supports_diff = True

    def _request(self, options):
        request = dict(options, check=self._task.check_mode, harvest=None, seconds={})
        if options["harvest"]:
            request["harvest"] = _document(options["harvest"])
            request["seconds"] = {"harvest": parse_seconds(request["harvest"].get("seconds")).get("total", 0.0)}
        return request

    def _result(self, options, reply):
        result = dict(outward(reply), busy=False, line=line(reply))
        if self._task.diff:
            result["diff"] = [_difference(change) for change in result["changes"]]
        return result

    def _failure(self, error):
        if isinstance(error, Busy):
            return {"changed": False, "busy": True, "line": str(error)}
        return super()._failure(error)


def _document(path):
    """The document that host_state_info left at a path."""
    try:
        with open(path, encoding="ascii") as stream:
            document = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise TwinError("The harvest %s cannot be read (%s): give the document of safetytwin.twin.host_state_info." % (path, error)) from error
    if not isinstance(document, dict):
        raise TwinError("The harvest %s is not an object: give the document of safetytwin.twin.host_state_info." % path)
    return document


def _difference(change):
    """One change as Ansible shows differences: what plan and real run share."""
    name = "%s %s" % (change["scope"], shown(change["key"]))
    return {"before_header": name, "after_header": name, "before": change["before"], "after": change["after"]}
