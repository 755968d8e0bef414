# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harvest the task's host and leave the document on the controller; see the module of the same name."""
from __future__ import annotations

import json
import os
import tempfile

from ansible import constants as C

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward
from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction


class ActionModule(ProgramAction):
    """Reads only, so check mode is the same run."""

    PROGRAM = "_harvest"
    MODULE = "host_state_info"

    def _request(self, options):
        return dict(options, role="host")

    def _result(self, options, reply):
        return {
            "changed": False,
            "digest": reply["digest"],
            "differs": reply["digest"] != options["base"] or bool(reply["blobs"]),
            "document": _keep(reply),
            "machine": outward(reply["machine"]),
            "scopes": {name: _summary(scope) for name, scope in reply["scopes"].items()},
            "seconds": reply["seconds"],
        }


def _summary(scope):
    return {
        "status": scope["status"], "note": scope["note"], "items": len(scope["items"]),
        "removed": len(scope.get("removed", ())), "excluded": len(scope["excluded"]),
    }


def _keep(reply):
    """The document as a file that Ansible removes at the end of the run: states never become host variables."""
    handle, path = tempfile.mkstemp(dir=C.DEFAULT_LOCAL_TMP, prefix="harvest-", suffix=".json")
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        json.dump(reply, stream)
    return path
