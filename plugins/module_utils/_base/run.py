# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs other programs; no other file does."""
from __future__ import annotations

import os
import selectors
import socket
import subprocess
from typing import IO, Any, Mapping, NamedTuple, Sequence, Union

from .codec import printable
from .deadline import Deadline
from .errors import TwinError

Word = Union[str, bytes]


class Result(NamedTuple):
    """Exit status and output of a program."""

    rc: int
    out: bytes
    err: bytes


_READ, _SHOWN = 65536, 2048  # bytes of a program's output that its last words are taken from, characters of them
LIMIT = 16 << 20  # bytes of standard output and of standard error
TIMEOUT = 40  # seconds; shorter than twin_harvest_timeout, so that a program that hangs fails its scope by name
# Parsers need one language, whatever the machine's locale is.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def run(
    argv: Sequence[Word], stdin: bytes | IO[bytes] | None = None, timeout: float = TIMEOUT, env: Mapping[str, str] | None = None, cwd: str | None = None,
    limit: int = LIMIT,
) -> Result:
    """Run a program and return Result(rc: int, out: bytes, err: bytes).

    argv is a list of str or bytes and never meets a shell; stdin is bytes, an open file, or None (nothing to read).
    A program that is missing has rc 127; one that outlives timeout (seconds) is killed and has rc 124; one that writes more than limit bytes to
    standard output or standard error is killed and has rc 125.
    """
    given = subprocess.PIPE if isinstance(stdin, bytes) else subprocess.DEVNULL if stdin is None else stdin
    try:
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # programs have no AnsibleModule, whose run_command that rule asks for
            argv, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, **ENVIRONMENT, **(env or {})), cwd=cwd,
        )
    except FileNotFoundError:
        return Result(127, b"", b"%s: no such program" % os.fsencode(argv[0]))
    deadline, heard = Deadline(timeout), (bytearray(), bytearray())
    with process:
        try:
            _exchange(process, stdin if isinstance(stdin, bytes) else b"", heard, deadline, limit)
            rc = process.wait(deadline.left())
        except (socket.timeout, subprocess.TimeoutExpired):
            process.kill()
            return Result(124, bytes(heard[0]), b"%s: no answer within %d s" % (os.fsencode(argv[0]), timeout))
        except _TooMuch:
            process.kill()
            return Result(125, b"", b"%s: more than %d MiB of output" % (os.fsencode(argv[0]), limit >> 20))
        except BaseException:
            process.kill()
            raise
    return Result(rc, bytes(heard[0]), bytes(heard[1]))


class _TooMuch(Exception):
    """A program writes more than it may."""


def _exchange(process: subprocess.Popen[bytes], given: bytes, heard: Sequence[bytearray], deadline: Deadline, limit: int) -> None:
    """Write given to a program and collect what it writes, until it closes its output."""
    with selectors.DefaultSelector() as ready:
        for stream, sink in zip((process.stdout, process.stderr), heard):
            ready.register(stream, selectors.EVENT_READ, sink)  # type: ignore[arg-type]  # both are pipes
        rest = memoryview(given)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            ready.register(process.stdin, selectors.EVENT_WRITE)
        while ready.get_map():
            for key, _events in ready.select(deadline.left()):
                if key.data is None:
                    rest = rest[_write(key.fd, rest):]
                    more = bool(rest)
                else:
                    more = _read(key.fd, key.data, limit)
                if not more:
                    ready.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]  # all of them are pipes


def _write(handle: int, rest: memoryview) -> int:
    """How much of the rest a program took; all of it where it does not read on."""
    try:
        return os.write(handle, rest[:_READ])
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(rest)


def _read(handle: int, sink: bytearray, limit: int) -> bool:
    """Collect what a program has written; whether there may be more."""
    block = os.read(handle, _READ)
    sink += block
    if len(sink) > limit:
        raise _TooMuch
    return bool(block)


def start(argv: Sequence[Word]) -> None:
    """Start a program that outlives this one, without a terminal, input or output."""
    subprocess.Popen(  # pylint: disable=ansible-bad-function  # as above
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=dict(os.environ, **ENVIRONMENT)
    )


def check(argv: Sequence[Word], doing: str, **options: Any) -> bytes:
    """Run a program and return its output; raise an error if it fails. doing names the work in the error's sentence."""
    result = run(argv, **options)
    if result.rc:
        said = last_words(result.err) or last_words(result.out) or "exit status %d" % result.rc
        raise TwinError("%s failed: %s" % (doing, said))
    return result.out


def last_words(output: bytes, lines: int = 3) -> str:
    """The end of a program's output as one line of text; programs write there why they failed."""
    text = output[-_READ:].decode("utf-8", "replace").strip().splitlines()
    return printable(" / ".join(line.strip() for line in text[-lines:]), _SHOWN)
