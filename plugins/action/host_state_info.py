# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harvest the task's host and leave the document on the controller; see the module of the same name."""
from __future__ import annotations

import json
import os
import stat
import tempfile

from ansible import constants as C

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward, printable, write_atomic
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate import parse_envelope, parse_seconds
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate_scopes import NOTE, shape
from ansible_collections.safetytwin.twin.plugins.plugin_utils._runtime import ProgramAction

MODE = 0o600  # a document holds much of what a host is
COMPARED = ("format", "machine", "digest", "base", "missing", "telemetry")


class ActionModule(ProgramAction):
    """Reads the host, so check mode is the same run but for dest."""

    PROGRAM = "_harvest"
    MODULE = "host_state_info"

    def _request(self, options):
        if options["dest"]:
            _require_file(options["dest"])
        return dict({name: value for name, value in options.items() if name != "dest"}, role="host")

    def _result(self, options, reply):
        harvest, digest, _base = parse_envelope(reply, "The harvest of %s" % self._where())
        changed = bool(options["dest"]) and not _is_kept(options["dest"], reply)
        if changed and not self._task.check_mode:
            _write(options["dest"], reply)
        return {
            "changed": changed,
            "digest": digest,
            "differs": digest != options["base"] or bool(harvest["blobs"]),
            "document": options["dest"] if options["dest"] and not (changed and self._task.check_mode) else _keep(reply),
            "machine": outward(harvest["machine"]),
            "scopes": {name: _summary(name, body) for name, body in harvest["scopes"].items()},
            "seconds": parse_seconds(harvest["seconds"]),
        }


def _summary(name, body):
    """What a scope of the reply comes to; one of the wrong shape has failed, as the hypervisor will say as well."""
    wrong = shape(name, body, whole=True)
    removed = [] if wrong else body.get("removed", [])
    if wrong or not isinstance(removed, list):
        return {"status": "failed", "note": "The scope %s %s." % (name, wrong or "has no valid removed"), "items": 0, "removed": 0, "excluded": 0}
    return {
        "status": body["status"], "note": printable(body["note"], NOTE.longest), "items": len(body["items"]),
        "removed": len(removed), "excluded": len(body["excluded"]),
    }


def _require_file(path):
    """Refuse what cannot be written before the host is asked."""
    if os.path.isdir(path):
        raise TwinError("dest %s is a directory: name a file in it." % path)
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise TwinError("dest %s has no directory on the controller: create it, or name another file." % path)


def _is_kept(path, reply):
    """Whether a file holds this state for its owner alone; fields that move by themselves, such as times, may be older in it."""
    try:
        with open(path, encoding="ascii") as stream:
            private, kept = stat.S_IMODE(os.fstat(stream.fileno()).st_mode) == MODE, json.load(stream)
        parse_envelope(kept, path)
    except (OSError, RecursionError, TwinError, ValueError):
        return False
    return private and _identity(kept) == _identity(reply)


def _identity(reply):
    """What makes two documents the same one."""
    return [reply.get(name) for name in COMPARED], sorted(reply["scopes"]), sorted(reply["blobs"])


def _write(path, reply):
    try:
        write_atomic(os.path.abspath(path), json.dumps(reply).encode("ascii"), MODE)
    except OSError as error:
        raise TwinError("dest %s cannot be written on the controller: %s." % (path, error.strerror)) from error


def _keep(reply):
    """The document as a file that Ansible removes at the end of the run: states never become host variables."""
    handle, path = tempfile.mkstemp(dir=C.DEFAULT_LOCAL_TMP, prefix="harvest-", suffix=".json")
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        json.dump(reply, stream)
    return path
