# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends HTTP requests over local sockets, for Docker, Podman, snapd and supervisord."""
from __future__ import annotations

import http.client
import socket
from typing import Mapping

from .errors import TwinError


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def call(path: str, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout: float = 5) -> bytes:
    """Body (bytes) of a successful answer from the service at socket `path`; timeout is in seconds, for each wait."""
    connection = _Connection(path, timeout)
    try:
        connection.request(method, url, body, headers or {})
        reply = connection.getresponse()
        data = reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise TwinError("%s does not answer: %s." % (path, error or type(error).__name__)) from error
    finally:
        connection.close()
    if reply.status >= 300:
        said = data[:200].decode("utf-8", "replace").strip()
        raise TwinError("%s refused %s with status %d: %s" % (path, url, reply.status, said))
    return data
