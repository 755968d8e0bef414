# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request and reply of a program: JSON in, JSON out; on failure one sentence and exit status 1."""
from __future__ import annotations

import base64
import errno
import json
import sys
import zlib
from typing import Any, Callable, NoReturn

from .._base import bounds
from .._base.codec import printable
from .._base.errors import Busy, Refused, TwinError
from .._base.interpreter import switch

KINDS = {"refused": Refused, "busy": Busy, "error": TwinError}
_SYSTEM = "system"  # kind of an error of the machine itself, such as a full disk
_MARK = b"safetytwin:"
SENTENCE = 2048  # characters of what a machine says of its error; it goes to terminals and logs


def main(program: Callable[[Any], Any], library: str = "") -> NoReturn:
    """Run program(request: dict) -> dict between standard input and output, in the other Python if only that one has the library."""
    if library:
        switch(library)
    respond(lambda: program(json.load(sys.stdin)))


def respond(work: Callable[[], Any]) -> NoReturn:
    """Write work()'s reply, or its error, as one marked line that survives whatever else a login prints."""
    try:
        reply, status = {"reply": work()}, 0
    except TwinError as error:
        reply, status = {"error": str(error), "kind": _kind(error)}, 1
    except OSError as error:
        reply, status = {"error": _system_error(error), "kind": _SYSTEM}, 1
    sys.stdout.buffer.write(pack(reply) + b"\n")
    sys.stdout.flush()
    raise SystemExit(status)


def _kind(error: TwinError) -> str:
    return next(kind for kind, known in KINDS.items() if isinstance(error, known))


def _system_error(error: OSError) -> str:
    advice = " Free space there; the next sync tries again." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return "%s%s.%s" % (error.strerror or error, " (%s)" % error.filename if error.filename else "", advice)


def pack(document: Any) -> bytes:
    """One ASCII line of any JSON document."""
    return _MARK + base64.b64encode(zlib.compress(json.dumps(document).encode("ascii"), 1))


def unpack(output: bytes | bytearray, where: str) -> Any:
    """The reply in a program's output; its error raised again as what it was, naming where it ran. A bytearray is emptied, which halves the memory needed."""
    start = _last_mark(output)
    if start is not None:
        return _reply(output, start, where)
    raise TwinError("%s gave no answer: %s" % (where, printable(output[-500:].decode("utf-8", "replace").strip(), SENTENCE) or "nothing at all"))


def _text(output: bytes | bytearray, start: int) -> bytearray:
    """The JSON text of the line that goes on at start."""
    end = output.find(b"\n", start)
    end = len(output) if end < 0 else end
    if end - start > bounds.PACKED:
        raise bounds.TooMuch("more than %d MiB" % (bounds.PACKED >> 20))
    with memoryview(output) as whole, whole[start:end] as packed:
        text = bounds.decompress(packed)
    if isinstance(output, bytearray):
        output.clear()
    return text


def _last_mark(output: bytes | bytearray) -> int | None:
    """Where the last line that begins with the mark goes on after it."""
    at = output.rfind(b"\n" + _MARK)
    if at >= 0:
        return at + 1 + len(_MARK)
    return len(_MARK) if output.startswith(_MARK) else None


def _reply(output: bytes | bytearray, start: int, where: str) -> Any:
    """What a marked line carries."""
    try:
        answer = bounds.parse(_text(output, start))
    except bounds.TooMuch as error:
        raise TwinError("%s sent a reply that is too large (%s): it was not read. If the machine is that large, leave directories out with twin_exclude." % (
            where, error)) from None
    except (ValueError, RecursionError, zlib.error):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        said = printable(answer["error"], SENTENCE) or "It failed without a word."
        if answer.get("kind") == _SYSTEM:
            raise TwinError("%s: %s" % (where, said))
        raise KINDS.get(str(answer.get("kind")), TwinError)(said)
    if isinstance(answer, dict) and "reply" in answer:
        return answer["reply"]
    raise TwinError("%s gave an answer that cannot be read: install the same version of safetytwin.twin there and here." % where)
