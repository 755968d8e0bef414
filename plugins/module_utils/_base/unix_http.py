# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends HTTP requests over local sockets, for Docker, Podman, snapd and supervisord."""
from __future__ import annotations

import http.client
import os
from typing import Mapping

from . import trust
from .deadline import Deadline, Socket
from .errors import TwinError

LIMIT = 4 << 20  # bytes of an answer


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, deadline: Deadline, owner: int) -> None:
        super().__init__("localhost")
        self.path, self.deadline, self.owner = path, deadline, owner

    def connect(self) -> None:
        try:
            handle = trust.open_socket(self.path, self.owner)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise TwinError("%s is not asked: %s." % (self.path, error.strerror)) from error
        try:
            self.sock = Socket(self.deadline)
            self.sock.connect(trust.itself(handle))
        finally:
            os.close(handle)


def call(
    path: str, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, timeout: float = 5, owner: int = 0,
) -> bytes:
    """Body (bytes) of a successful answer from the service at socket `path`; timeout is in seconds, for the whole call.

    An answer of more than LIMIT bytes is an error.

    A socket that belongs to another user than root, this user or owner, or that another user can replace, is not asked.
    """
    connection = _Connection(path, Deadline(timeout), owner)
    try:
        connection.request(method, url, body, headers or {})
        reply = connection.getresponse()
        data = reply.read(LIMIT + 1)
    except (OSError, http.client.HTTPException) as error:
        raise TwinError("%s does not answer: %s." % (path, error or type(error).__name__)) from error
    finally:
        connection.close()
    if len(data) > LIMIT:
        raise TwinError("%s answers %s with more than %d MiB, which were not read." % (path, url, LIMIT >> 20))
    if reply.status >= 300:
        said = data[:200].decode("utf-8", "replace").strip()
        raise TwinError("%s refused %s with status %d: %s" % (path, url, reply.status, said))
    return data
