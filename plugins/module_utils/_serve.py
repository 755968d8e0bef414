# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resident in a twin: the programs, imported once; each call is a fork. Importing them costs an emulated guest 5 s of CPU.

It listens on a socket below /run that only root can reach; the hypervisor's ssh forwards to it. A call is a line with the
program's name, the request, and the end of the stream; the answer is what the program would write to standard output.
"""
from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from ._apply import apply
from ._base.machine import boot_id
from ._harvest import harvest
from ._scopes import registry_parts
from ._scopes.reading import warm
from ._transport.program import main, respond

PROGRAMS = {
    b"_apply": lambda: respond(lambda: apply(sys.stdin.buffer)),
    b"_harvest": lambda: main(harvest),
    b"_ping": lambda: main(lambda _request: {"boot_id": boot_id()}),
}
# What those programs ask for by and by: imported here once, where each fork would import it anew.
PARTS = (
    registry_parts.appliers, registry_parts.blob_readers, registry_parts.collectors, registry_parts.payloads, registry_parts.readbacks,
    registry_parts.snapshots, registry_parts.telemetry,
)


def serve(path: str) -> NoReturn:
    """Answer calls on a Unix socket at path, one process each, until stopped."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    aside = path + ".new"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(aside)
    os.chmod(aside, 0o600)
    listener.listen(8)
    ended = _ended()
    for load in PARTS:
        load()
    warm()
    # Under its own name only once it listens: whoever sees it can call.
    os.rename(aside, path)
    while True:
        ready = select.select([listener.fileno(), ended], [], [])[0]
        if listener.fileno() in ready:
            caller = listener.accept()[0]
            if os.fork() == 0:
                listener.close()
                _answer(caller)
            caller.close()
        if ended in ready:
            _reap(ended)
            # What a call changed is read now, so that the next one need not wait for that.
            warm()


def _ended() -> int:
    """A descriptor that can be read once a call has ended."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # else the kernel tells nobody
    return reader


def _reap(ended: int) -> None:
    os.read(ended, 4096)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(caller: socket.socket) -> NoReturn:
    """Be the program that is called; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    for stream in (0, 1):
        os.dup2(caller.fileno(), stream)
    caller.close()
    name = b"".join(iter(lambda: os.read(0, 1).strip(b"\n"), b""))
    PROGRAMS[name]()


if __name__ == "__main__":
    serve(sys.argv[1])
