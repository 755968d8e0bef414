# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs other programs; no other file does."""
from __future__ import annotations

import os
import subprocess
from typing import IO, Any, Mapping, NamedTuple, Sequence, Union

from .codec import printable
from .errors import TwinError

Word = Union[str, bytes]


class Result(NamedTuple):
    """Exit status and output of a program."""

    rc: int
    out: bytes
    err: bytes


_READ, _SHOWN = 65536, 2048  # bytes of a program's output that its last words are taken from, characters of them
TIMEOUT = 40  # seconds; shorter than twin_harvest_timeout, so that a program that hangs fails its scope by name
# Parsers need one language, whatever the machine's locale is.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def run(
    argv: Sequence[Word], stdin: bytes | IO[bytes] | None = None, timeout: float = TIMEOUT, env: Mapping[str, str] | None = None, cwd: str | None = None,
) -> Result:
    """Run a program and return Result(rc: int, out: bytes, err: bytes).

    argv is a list of str or bytes and never meets a shell; stdin is bytes, an open file, or None (nothing to read).
    A program that is missing has rc 127; one that outlives timeout (seconds) is killed and has rc 124.
    """
    given = stdin if isinstance(stdin, bytes) else None
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function  # programs have no AnsibleModule, whose run_command that rule asks for
            argv,
            input=given,
            stdin=None if isinstance(stdin, bytes) else subprocess.DEVNULL if stdin is None else stdin,
            capture_output=True,
            timeout=timeout,
            env=dict(os.environ, **ENVIRONMENT, **(env or {})),
            cwd=cwd,
            check=False,
        )
    except FileNotFoundError:
        return Result(127, b"", b"%s: no such program" % os.fsencode(argv[0]))
    except subprocess.TimeoutExpired as late:
        return Result(124, late.stdout or b"", b"%s: no answer within %d s" % (os.fsencode(argv[0]), timeout))
    return Result(done.returncode, done.stdout, done.stderr)


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
