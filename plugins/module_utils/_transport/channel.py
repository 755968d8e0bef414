# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisor's own way into a twin: one ssh master per twin, kept, in a unit of its own where systemd runs."""
from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import time
from typing import IO, Any, Callable, Mapping

from .._base import bounds
from .._base.deadline import Deadline, Socket
from .._base.errors import TwinError, Unreachable
from .._base.paths import RUN
from .._base.run import Result, check, last_words, run, start
from .._scopes.checks import check_once
from .._scopes.grammars import UUID
from . import program as transport_program
from . import runtime

_RETRY = 0.2  # seconds between two looks while a twin boots or lets us in
_CONNECT = 2  # seconds for a connection over the hypervisor's own bridge
_PING = 10  # seconds that a busy twin may take to say anything
_LOGIN = 20  # seconds a key exchange may take in an emulated guest
_FIRST = 60  # seconds for the first words with a twin that has just booted
_SPARE = 1 << 16  # bytes that an answer may have besides the reply
_OWN = 255  # the status of ssh where it is ssh that failed, not the command there
_SYSTEMD = "/run/systemd/system"


class Channel:
    """A twin's ssh, by the ssh_config that provisioning wrote into the twin's directory."""

    def __init__(self, twin: Mapping[str, Any]) -> None:
        """twin is what _libvirt/client.find_twin says: {"domain", "directory", "address", "port", …}."""
        self.domain = twin["domain"]
        self.endpoint = (twin["address"], twin["port"])
        self.ssh = ["ssh", "-F", os.path.join(twin["directory"], "ssh_config")]
        # Of this version alone: an older master may still carry the socket of the version before.
        self.local = os.path.join(RUN, "%s-%s.sock" % (self.domain, runtime.version()))

    def alive(self) -> bool:
        """True while the master of an earlier cycle still has its connection: the twin has not rebooted since."""
        return run([*self.ssh, "-O", "check", "twin"], timeout=5).rc == 0

    def open(self, watch: Callable[[], None]) -> str:
        """Have a master that carries, and return the boot id of the twin that answers. While none does, watch() is called, which ends the wait by raising."""
        boot = self._boot_id() if self.alive() else None
        if boot is None:
            self.close()
            while not (self._listening() and self._login()):
                watch()
                time.sleep(_RETRY)
            boot = self._pong(self.call("_ping", {}, timeout=_FIRST))
        return boot

    def _pong(self, reply: Any) -> str:
        """The boot id in a reply of _ping."""
        boot = reply.get("boot_id") if isinstance(reply, dict) else None
        if check_once(UUID)(boot):
            raise TwinError("The twin %s does not say validly which boot it is in: install the same version of safetytwin.twin in it and here." % self.domain)
        return str(boot)

    def _boot_id(self) -> str | None:
        """None where no twin answers: the master of one that just went down does not know it yet."""
        try:
            return self._pong(self.call("_ping", {}, timeout=_PING))
        except TwinError:
            return None

    def _listening(self) -> bool:
        """True when an ssh server greets; a port that only accepts is a twin still booting."""
        try:
            with socket.create_connection(self.endpoint, timeout=_CONNECT) as connection:
                connection.settimeout(_PING)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _login(self) -> bool:
        """Start a master; whether it is let in within its time."""
        self._start_master()
        deadline = time.monotonic() + _LOGIN
        while not self.alive():
            if time.monotonic() > deadline:
                self.close()
                return False
            time.sleep(_RETRY)
        return True

    def _start_master(self) -> None:
        master = [*self.ssh, "-M", "-N", "-o", "ConnectTimeout=%d" % _LOGIN, "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "twin"]
        if os.path.isdir(_SYSTEMD):
            # A oneshot service's cgroup would take the master along at its end.
            unit = "safetytwin-channel-%s" % self.domain
            run(["systemctl", "stop", unit], timeout=20)
            check(["systemd-run", "--quiet", "--collect", "--unit", unit, *master], "Starting the ssh channel to %s" % self.domain, timeout=20)
        else:
            start(master)

    def close(self) -> None:
        """End the master, if there is one."""
        run([*self.ssh, "-O", "exit", "twin"], timeout=5)

    def call(self, program: str, request: dict[str, Any] | IO[bytes], timeout: float = 600) -> Any:
        """Run a program of the runtime in the twin and return its reply; request is a dict, or an open file."""
        payload = io.BytesIO(json.dumps(request).encode("ascii")) if isinstance(request, dict) else request
        answer = self._ask(program, payload, timeout)
        if not answer:  # nobody serves this version there
            self._require_connection(program)
            self._serve()
            answer = self._ask(program, payload, timeout)
        return transport_program.unpack(answer, "The twin %s" % self.domain)

    def _ask(self, program: str, payload: IO[bytes], timeout: float) -> bytearray:
        """What the resident programs answer within timeout, a deadline for the whole exchange; nothing where they are not there."""
        try:
            return self._exchange(program, payload, Deadline(timeout))
        except socket.timeout:
            raise TwinError("The twin %s did not answer %s within %d s: open its console with `virsh console %s`." % (
                self.domain, program, timeout, self.domain)) from None

    def _exchange(self, program: str, payload: IO[bytes], deadline: Deadline) -> bytearray:
        payload.seek(0)
        with Socket(deadline) as caller:
            try:
                caller.connect(self.local)
            except (FileNotFoundError, ConnectionRefusedError):
                self._require_connection(program)
                self._forward()
                caller.connect(self.local)
            try:
                caller.sendall(program.encode("ascii") + b"\n")
                for block in iter(lambda: payload.read(1 << 20), b""):
                    caller.sendall(block)
                caller.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered without listening to the end, or is not there: the answer tells
            return self._hear(caller, program)

    def _hear(self, caller: socket.socket, program: str) -> bytearray:
        heard = bytearray()
        with contextlib.suppress(ConnectionResetError):  # as above
            for block in iter(lambda: caller.recv(1 << 16), b""):
                heard += block
                if len(heard) > bounds.PACKED + _SPARE:
                    raise TwinError("The twin %s answered %s with more than %d MiB, which were not read." % (self.domain, program, bounds.PACKED >> 20))
        return heard

    def _require_connection(self, program: str) -> None:
        if not self.alive():
            raise Unreachable("The connection to the twin %s ended before it answered %s: the next cycle looks whether it runs." % (self.domain, program))

    def _forward(self) -> None:
        """Have the master carry a socket here to the one in the twin."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.local)
        check([*self.ssh, "-O", "forward", "-L", "%s:%s" % (self.local, runtime.socket()), "twin"], "Connecting to the twin %s" % self.domain, timeout=10)

    def _serve(self) -> None:
        result = self._execute(runtime.serve())
        if result.rc == runtime.MISSING:
            installed = self._execute(runtime.install(), runtime.archive())
            if installed.rc:
                raise TwinError("The runtime could not be installed in the twin %s: %s" % (self.domain, last_words(installed.err)))
            result = self._execute(runtime.serve())
        if result.rc == _OWN:
            raise Unreachable("The connection to the twin %s ended: %s" % (self.domain, last_words(result.err)))
        if result.rc:
            raise TwinError("The runtime does not start in the twin %s: %s" % (self.domain, last_words(result.err) or "it did not open its socket"))

    def _execute(self, command: str, payload: bytes | None = None, timeout: float = 180) -> Result:
        return run([*self.ssh, "-T", "twin", command], stdin=payload, timeout=timeout)
