# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One deadline for a whole call, however many waits it consists of."""
from __future__ import annotations

import socket
import time
from typing import Any


class Deadline:
    """A time in the future, counted from its creation."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until the deadline; raises socket.timeout once there are none."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise socket.timeout("timed out")
        return rest


class Socket(socket.socket):
    """A Unix stream socket; all of its waits together end at one deadline, so that a peer that sends a byte now and then gains no time."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._deadline = deadline

    def connect(self, address: Any) -> None:
        self.settimeout(self._deadline.left())
        super().connect(address)

    def sendall(self, *words: Any) -> None:
        self.settimeout(self._deadline.left())
        super().sendall(*words)

    def recv(self, *words: Any) -> bytes:
        self.settimeout(self._deadline.left())
        return super().recv(*words)

    def recv_into(self, *words: Any) -> int:
        self.settimeout(self._deadline.left())
        return super().recv_into(*words)
