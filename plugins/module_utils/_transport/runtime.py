# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This package as something to ship: its archive, its version, and the commands that install and call it elsewhere.

A machine keeps the newest versions under DIRECTORY, each compiled once; calling it costs one Python start and no unpacking.
"""
from __future__ import annotations

import functools
import gzip
import hashlib
import io
import os
import shlex
import tarfile
from typing import Iterator

from .._base import interpreter, paths

DIRECTORY = paths.STATE + "/" + paths.RUNTIME
KEPT = 3  # versions that stay, the newest ones; others only as long as a process runs them
PACKAGE = "safetytwin"
MISSING = 97  # exit status of call() where this version is not installed

_CALL = "d={directory}/{version}; test -d $d || exit {missing}; PYTHONPATH=$d {other}exec {python} -m {package}.{program}"

# A unit of its own, so that it outlives the login that starts it; its socket appears when it can be called.
_SERVE = (
    "d={directory}/{version}; test -d $d || exit {missing}; systemctl stop safetytwin-serve 2>/dev/null; rm -f {socket}; "
    "systemd-run --quiet --collect --unit=safetytwin-serve --setenv=PYTHONPATH=$d {python} -m {package}._serve {socket} || exit; "
    "for i in $(seq 600); do test -S {socket} && exit; sleep 0.1; done; exit 1"
)

# Unpacked and compiled aside, then renamed: a killed installation leaves no version that looks whole. One at a time: hosts of one play
# share their hypervisor, and the second finds what the first has installed. A process names the version it runs in its environment: only where
# grep says that none does (status 1) is one removed.
_INSTALL = (
    "umask 077; set -e; mkdir -p {directory} && cd {directory} && test -w . || "
    "{{ echo '{directory} cannot be written: run this as root (become).' >&2; exit 1; }}; "
    "exec 9<.; flock 9; ! test -d {version} || {{ cat >/dev/null; exit 0; }}; "
    "t=$(mktemp -d .new-XXXXXX); trap 'rm -rf {directory}/'$t EXIT; tar -xzf - -C $t; {python} -m compileall -q $t; mv -T $t {version}; touch {version}; "
    "for old in $(ls -dt [0-9a-f]* | tail -n +$(({kept} + 1))); do "
    "cat /proc/[0-9]*/environ 2>/dev/null | grep -zqxF PYTHONPATH={directory}/$old || test $? -ne 1 || rm -rf $old; done"
)


@functools.lru_cache(maxsize=None)
def version() -> str:
    """A digest of names and contents of the package, the same wherever it is; packing the archive costs ten times as much."""
    seen = hashlib.sha256()
    for name, content in _contents():
        seen.update(b"%s\0%d\0%s" % (name.encode(), len(content), content))
    return seen.hexdigest()[:16]


def archive() -> bytes:
    """The package as a gzip'ed tar."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in _contents():
            member = tarfile.TarInfo("%s/%s" % (PACKAGE, name))
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _contents() -> Iterator[tuple[str, bytes]]:
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in sorted(_sources(root)):
        with open(os.path.join(root, name), "rb") as source:
            yield name, source.read()


def _sources(root: str) -> Iterator[str]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = [name for name in subdirectories if name != "__pycache__"]
        for name in names:
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(directory, name), root)


def call(program: str, python: str = interpreter.SYSTEM, other: str = "") -> str:
    """Shell command that runs a program of this version, its request on standard input; other: the Python to use where this one has no library."""
    given = "%s=%s " % (interpreter.OTHER, shlex.quote(other)) if other else ""
    return _CALL.format(directory=DIRECTORY, version=version(), missing=MISSING, python=shlex.quote(python), other=given, package=PACKAGE, program=program)


def socket() -> str:
    """Where this version listens in a twin."""
    return "%s/serve-%s.sock" % (paths.RUN, version())


def serve(python: str = interpreter.SYSTEM) -> str:
    """Shell command that has this version of _serve running and waits until it can be called."""
    return _SERVE.format(directory=DIRECTORY, version=version(), missing=MISSING, python=python, package=PACKAGE, socket=socket())


def install(python: str = interpreter.SYSTEM) -> str:
    """Shell command that installs the archive given on its standard input and removes older versions that no process runs."""
    return _INSTALL.format(directory=DIRECTORY, version=version(), python=shlex.quote(python), kept=KEPT)
