# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calling a program of the runtime over whatever connection an action has."""
from __future__ import annotations

import json

from ansible_collections.safetytwin.twin.plugins.module_utils import _program, _runtime
from ansible_collections.safetytwin.twin.plugins.module_utils._errors import TwinError

PYTHON = "/usr/bin/python3"  # the distribution's own: it has psutil and libvirt, a controller's virtual environment need not


def call(action, program, request):
    """Run a program of the runtime on the action's target and return its reply (dict); installs this version first where it is missing.

    Raises TwinError with the program's own sentence, or with what the target said instead of an answer.
    """
    where = action._task.delegate_to or action._play_context.remote_addr
    payload = json.dumps(request).encode("ascii")
    result = _execute(action, _runtime.call(program, PYTHON), payload)
    if result["rc"] == _runtime.MISSING:
        installed = _execute(action, _runtime.install(PYTHON), _runtime.archive()[1])
        if installed["rc"]:
            raise TwinError("The runtime could not be installed on %s: %s" % (where, _last(installed)))
        result = _execute(action, _runtime.call(program, PYTHON), payload)
    return _program.unpack((result["stdout"] or _last(result)).encode("utf-8", "surrogateescape"), where)


def _execute(action, command, payload):
    return action._low_level_execute_command(command, in_data=payload, executable="/bin/sh")


def _last(result):
    return (result.get("stderr") or result.get("stdout") or "exit status %s" % result["rc"]).strip()[-500:]
