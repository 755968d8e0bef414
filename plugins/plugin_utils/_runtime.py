# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that are one program of the runtime, called over whatever connection they have."""
from __future__ import annotations

import abc
import json
import sys
from typing import Any, Mapping

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.release import __version__

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import printable
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.interpreter import SYSTEM
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program, runtime
from ansible_collections.safetytwin.twin.plugins.plugin_utils._options import argument_spec

NOT_FOUND = 127  # exit status of a shell


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
            reply = self._call(self._request(options), *self._pythons(task_vars or {}))
            return dict(result, **self._result(options, reply))
        except TwinError as error:
            return dict(result, **self._failure(error))

    def _request(self, options: dict[str, Any]) -> dict[str, Any]:
        return options

    @abc.abstractmethod
    def _result(self, options: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
        """The task's result, of the task's options and the program's reply."""

    def _failure(self, error: TwinError) -> dict[str, Any]:
        return {"failed": True, "msg": str(error)}

    def _pythons(self, task_vars: dict[str, Any]) -> tuple[str, str]:
        """The Python of the task's machine to use, and the one to use where that has not what a program needs ("" for none)."""
        where = self._task.delegate_to
        variables = task_vars.get("ansible_delegated_vars", {}).get(where, {}) if where else task_vars
        named = str(self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=variables)))
        return pythons(named, self._connection.transport == "local")

    def _call(self, request: dict[str, Any], python: str, other: str) -> dict[str, Any]:
        """The program's reply (dict); installs this version of the runtime first where it is missing.

        Raises TwinError with the program's own sentence, or with what the target said instead of an answer.
        """
        where = self._where()
        command, payload = runtime.call(self.PROGRAM, python, other), json.dumps(request).encode("ascii")
        said = self._shell(command, payload)
        if said["rc"] == runtime.MISSING:
            installed = self._shell(runtime.install(python), runtime.archive())
            if installed["rc"]:
                raise TwinError("The runtime could not be installed on %s: %s" % (where, _last(installed)))
            said = self._shell(command, payload)
        if said["rc"] == NOT_FOUND:
            raise TwinError("%s cannot run %s: let ansible_python_interpreter name a Python 3.8 or newer there." % (where, python))
        reply: dict[str, Any] = program.unpack((said["stdout"] or _last(said)).encode("utf-8", "surrogateescape"), where)
        return reply

    def _where(self) -> str:
        """The machine that the task is for, as messages name it."""
        return str(self._task.delegate_to or self._play_context.remote_addr)

    def _shell(self, command: str, payload: bytes) -> dict[str, Any]:
        said: dict[str, Any] = self._low_level_execute_command(command, in_data=payload, executable="/bin/sh")
        return said


def pythons(named: str, local: bool) -> tuple[str, str]:
    """The Python to use and the next one ("" for none), of the interpreter that is named or "auto…", for a machine that may be this one.

    For an implicit localhost, Ansible itself names the Python that it runs in, which is often that of a virtual environment.
    """
    if named.startswith("auto") or named == SYSTEM:
        return SYSTEM, ""
    return (SYSTEM, named) if local and named == sys.executable else (named, SYSTEM)


def _last(said: Mapping[str, Any]) -> str:
    return printable(str(said.get("stderr") or said.get("stdout") or "exit status %s" % said["rc"]).strip()[-500:], program.SENTENCE)
