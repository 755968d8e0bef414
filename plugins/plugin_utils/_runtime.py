# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that are one program of the runtime, called over whatever connection they have."""
from __future__ import annotations

import json

from ansible.plugins.action import ActionBase

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program, runtime

PYTHON = "/usr/bin/python3"  # the distribution's own: it has psutil and libvirt, a controller's virtual environment need not


class ProgramAction(ActionBase):
    """Arguments become the request of PROGRAM, its reply becomes the result, and its sentence is how the task fails."""

    PROGRAM = ""
    ARGUMENTS: dict = {}

    _supports_check_mode = True
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        options = self.validate_argument_spec(self.ARGUMENTS)[1]
        try:
            reply = self._call(self._request(options))
        except TwinError as error:
            return dict(result, **self._failure(error))
        return dict(result, **self._result(options, reply))

    def _request(self, options):
        return options

    def _result(self, options, reply):
        raise NotImplementedError

    def _failure(self, error):
        return {"failed": True, "msg": str(error)}

    def _call(self, request):
        """The program's reply (dict); installs this version of the runtime first where it is missing.

        Raises TwinError with the program's own sentence, or with what the target said instead of an answer.
        """
        where = self._task.delegate_to or self._play_context.remote_addr
        command, payload = runtime.call(self.PROGRAM, PYTHON), json.dumps(request).encode("ascii")
        said = self._shell(command, payload)
        if said["rc"] == runtime.MISSING:
            installed = self._shell(runtime.install(PYTHON), runtime.archive()[1])
            if installed["rc"]:
                raise TwinError("The runtime could not be installed on %s: %s" % (where, _last(installed)))
            said = self._shell(command, payload)
        return program.unpack((said["stdout"] or _last(said)).encode("utf-8", "surrogateescape"), where)

    def _shell(self, command, payload):
        return self._low_level_execute_command(command, in_data=payload, executable="/bin/sh")


def _last(said):
    return (said.get("stderr") or said.get("stdout") or "exit status %s" % said["rc"]).strip()[-500:]
