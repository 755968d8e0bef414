# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that runs other programs."""
from __future__ import annotations

import collections
import os
import subprocess

from .errors import TwinError

Result = collections.namedtuple("Result", "rc out err")

# One language for every parser, whatever the machine speaks.
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def run(argv, stdin=None, timeout=60, env=None, cwd=None):
    """Run a program and return Result(rc: int, out: bytes, err: bytes).

    argv is a list of str or bytes and never meets a shell; stdin is bytes, an open file, or None (nothing to read).
    A program that is missing has rc 127; one that outlives timeout (seconds) is killed and has rc 124.
    """
    piped = isinstance(stdin, (bytes, bytearray))
    try:
        done = subprocess.run(
            argv,
            input=stdin if piped else None,
            stdin=None if piped else subprocess.DEVNULL if stdin is None else stdin,
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


def start(argv):
    """Start a program that outlives this one, with no terminal and nothing to read or say."""
    subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=dict(os.environ, **ENVIRONMENT)
    )


def check(argv, doing, **options):
    """Run a program that has to succeed and return its output; doing names the work in the error's sentence."""
    result = run(argv, **options)
    if result.rc:
        said = last_words(result.err) or last_words(result.out) or "exit status %d" % result.rc
        raise TwinError("%s failed: %s" % (doing, said))
    return result.out


def last_words(output, lines=3):
    """The end of a program's output as one line of text: where programs say why they failed."""
    text = output.decode("utf-8", "replace").strip().splitlines()
    return " / ".join(line.strip() for line in text[-lines:])
