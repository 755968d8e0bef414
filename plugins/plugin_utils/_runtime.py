# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that are one program of the runtime, called over whatever connection they have."""
from __future__ import annotations

import abc
import json
from typing import Any, Mapping

from ansible.plugins.action import ActionBase
from ansible.release import __version__

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program, runtime
from ansible_collections.safetytwin.twin.plugins.plugin_utils._options import argument_spec

PYTHON = "/usr/bin/python3"  # the distribution's own: it has psutil and libvirt, a controller's virtual environment need not


class ProgramAction(ActionBase):  # type: ignore[misc]  # ansible-core comes without types
    """Arguments become the request of PROGRAM, its reply becomes the result, and its sentence is how the task fails. MODULE documents them."""

    PROGRAM = ""
    MODULE = ""

    _supports_check_mode = True
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        options = self.validate_argument_spec(argument_spec(self.MODULE))[1]
        try:
            accept(options, __version__)
            reply = self._call(self._request(options))
        except TwinError as error:
            return dict(result, **self._failure(error))
        return dict(result, **self._result(options, reply))

    def _request(self, options: dict[str, Any]) -> dict[str, Any]:
        return options

    @abc.abstractmethod
    def _result(self, options: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
        """The task's result, of the task's options and the program's reply."""

    def _failure(self, error: TwinError) -> dict[str, Any]:
        return {"failed": True, "msg": str(error)}

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        """The program's reply (dict); installs this version of the runtime first where it is missing.

        Raises TwinError with the program's own sentence, or with what the target said instead of an answer.
        """
        where = self._task.delegate_to or self._play_context.remote_addr
        command, payload = runtime.call(self.PROGRAM, PYTHON), json.dumps(request).encode("ascii")
        said = self._shell(command, payload)
        if said["rc"] == runtime.MISSING:
            installed = self._shell(runtime.install(PYTHON), runtime.archive())
            if installed["rc"]:
                raise TwinError("The runtime could not be installed on %s: %s" % (where, _last(installed)))
            said = self._shell(command, payload)
        reply: dict[str, Any] = program.unpack((said["stdout"] or _last(said)).encode("utf-8", "surrogateescape"), where)
        return reply

    def _shell(self, command: str, payload: bytes) -> dict[str, Any]:
        said: dict[str, Any] = self._low_level_execute_command(command, in_data=payload, executable="/bin/sh")
        return said


def _last(said: Mapping[str, Any]) -> str:
    return str(said.get("stderr") or said.get("stdout") or "exit status %s" % said["rc"]).strip()[-500:]
