# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts text and bytes, writes canonical JSON, digests and files; all machines and stages use it."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from typing import Any


def text(raw: bytes) -> str:
    """Bytes of a path or name as str; bytes that are not UTF-8 become surrogate escapes, so nothing is lost."""
    return raw.decode("utf-8", "surrogateescape")


def raw(value: str) -> bytes:
    """The bytes behind a str made by text()."""
    return value.encode("utf-8", "surrogateescape")


def outward(value: Any) -> Any:
    """A value for Ansible and people: strings that are not valid text become {"b64": …}, at any depth."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return {"b64": base64.b64encode(raw(value)).decode("ascii")}
        return value
    if isinstance(value, dict):
        return {_outward_key(key): outward(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [outward(item) for item in value]
    return value


def _outward_key(key: Any) -> Any:
    shown = outward(key)
    return "b64:" + shown["b64"] if isinstance(shown, dict) else shown


def printable(value: str, most: int) -> str:
    """A text for a terminal or log: escapes replace characters that are not printable; after `most` characters follows a digest of the whole text."""
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in value[:most])
    return shown if len(value) <= most and len(shown) <= most else "%s…%s" % (shown[:most - 9], digest(value)[:8])


def dumps(value: Any) -> str:
    """Canonical JSON: ASCII, sorted keys, no blanks; equal values have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    """SHA-256 in hex of bytes, or of the canonical JSON of anything else."""
    data = value if isinstance(value, bytes) else dumps(value).encode("ascii")
    return hashlib.sha256(data).hexdigest()


def write_atomic(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replace a file by data (bytes) in one step; a crash leaves the old file or the new one, never a mix."""
    directory = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
