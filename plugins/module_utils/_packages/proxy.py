# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs apt-cacher-ng as a caching proxy that serves only the host's repositories.

Repositories over https are asked for by their http address, and the proxy alone speaks https to them: so there is no CONNECT,
through which anything could be reached.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import time
from typing import Callable, Iterable, TypedDict

from .._base import paths
from .._base.codec import text, write_atomic
from .._base.errors import TwinError
from .._base.run import check
from .aptroot import Source

PROGRAM = "/usr/sbin/apt-cacher-ng"
USER = "apt-cacher-ng"
UNIT = "safetytwin-proxy"
PORT = 31420  # apt-cacher-ng 3.7 listens on no port above 32767
DIRECTORY = paths.STATE + "/" + paths.PROXY
PATIENCE = 10  # seconds for the proxy to listen, and to end

_CONFIGURATION = """\
CacheDir: {directory}/cache
LogDir: {directory}/log
PidFile: {directory}/pid
SocketPath: {directory}/socket
Port: {port}
BindAddress: {address}
ForceManaged: 1
PassThroughPattern: ^$
ExThreshold: 30
"""


class Running(TypedDict):
    """Where the proxy listens, and whether it was started for that."""

    url: str
    changed: bool


def ensure(sources: Iterable[Source], address: str = "127.0.0.1", port: int = PORT, directory: str = DIRECTORY) -> Running:
    """Run the proxy for the repositories that sources name; one that runs with the same repositories is left alone."""
    if not os.path.exists(PROGRAM):
        raise TwinError("There is no %s: install the package apt-cacher-ng on the hypervisor, or do without the proxy." % PROGRAM)
    content = _configuration(repositories(sources), address, port, directory).encode("utf-8")
    path = os.path.join(directory, "conf", "acng.conf")
    same = _read(path) == content
    if same and running(directory) and _listens(address, port):
        return {"url": "http://%s:%d" % (address, port), "changed": False}
    stop(directory)
    _directories(directory)
    write_atomic(path, content, 0o644)
    _start(directory)
    # It may listen before its process number is where the next call looks for it.
    _wait(lambda: running(directory) is not None and _listens(address, port), "The package proxy does not listen on %s:%d" % (address, port))
    return {"url": "http://%s:%d" % (address, port), "changed": True}


def repositories(sources: Iterable[Source]) -> list[tuple[str, str]]:
    """Sorted (address without scheme, URL) of every repository that sources of one line or of stanzas name."""
    found = set()
    for source in sources:
        content = re.sub(r"(?m)^\s*#.*\n?", "", text(source["content"]))
        words = re.findall(r"(?mi)^\s*(?:deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(.+)$", content)
        for url in re.findall(r"https?://[^\s;]+", "\n".join(words)):
            found.add((url.split("://", 1)[1].rstrip("/"), url.rstrip("/")))
    return sorted(found)


def _configuration(found: list[tuple[str, str]], address: str, port: int, directory: str) -> str:
    rows = ["Remap-safetytwin%d: http://%s ; %s\n" % (number, place, url) for number, (place, url) in enumerate(found)]
    return _CONFIGURATION.format(directory=directory, address=address, port=port) + "".join(rows)


def _directories(directory: str) -> None:
    account = pwd.getpwnam(USER)
    for name, mode in (("", 0o711), ("conf", 0o755), ("cache", 0o700), ("log", 0o700)):
        path = os.path.join(directory, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
    for name in ("", "cache", "log"):
        os.chown(os.path.join(directory, name), account.pw_uid, account.pw_gid)


def _start(directory: str) -> None:
    command = [PROGRAM, "-c", os.path.join(directory, "conf")]
    doing = "Starting the package proxy"
    if os.path.isdir("/run/systemd/system"):
        unit = ["systemd-run", "--quiet", "--collect", "--unit", UNIT, "--property=User=" + USER, "--property=ProtectSystem=strict"]
        check(unit + ["--property=ReadWritePaths=" + directory] + command + ["ForeGround=1"], doing)
    else:
        check(["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "setsid"] + command, doing)


def running(directory: str = DIRECTORY) -> int | None:
    """The proxy's process number, or None; a number that another program has by now counts for nothing."""
    try:
        pid = int(_read(os.path.join(directory, "pid")))
        with open("/proc/%d/cmdline" % pid, "rb") as stream:
            words = stream.read().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(os.path.join(directory, "conf")) in words else None


def stop(directory: str = DIRECTORY) -> None:
    """End the proxy and wait until it is gone."""
    pid = running(directory)
    if pid:
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: running(directory) is None, "The package proxy (process %d) does not end" % pid)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _wait(true: Callable[[], bool], complaint: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TwinError("%s within %d s; its log is in the directory log beside its configuration." % (complaint, PATIENCE))
        time.sleep(0.1)
