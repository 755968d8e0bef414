# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program where packages of a host can hurt no one: users, files, processes and network are its own.

Also a program by itself: `command` returns the call of its source. It needs no account, no range in /etc/subuid and no other tool.
"""
from __future__ import annotations

import ctypes
import fcntl
import inspect
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from typing import Any

# Users outside of the range that systemd gives to containers and of those that distributions give to accounts, so that they own nothing else.
FIRST = 0x70000000
COUNT = 65536
PROCESSES = 4096
FILE = 32 << 30  # bytes of one file
FLOOR = 1 << 30  # bytes that stay free
FULL = 75  # exit status

NEW_FILES, NEW_PROCESSES = 0x20000, 0x20000000
NEW_USERS_AND_REST = 0x10000000 | NEW_FILES | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000  # and network, IPC, names, control groups
NO_SETUID, NO_DEVICES, NO_PROGRAMS, READ_ONLY, REMOUNT, BIND, WHOLE, PRIVATE = 2, 4, 8, 1, 32, 4096, 16384, 1 << 18
DETACH = 2
DIE_WITH_PARENT = 1

# What programs of the machine need to run, besides /usr. Nothing else of the machine can be seen.
READABLE = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/mke2fs.conf")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
NAME = "localhost"  # of the machine; scripts of packages ask for it
OWN = {
    "/etc/passwd": "root:x:0:0:root:/tmp:/bin/sh\n", "/etc/group": "root:x:0:\n", "/etc/hostname": NAME + "\n", "/etc/hosts": "127.0.0.1 %s\n" % NAME,
}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def command(root: str, places: dict[str, str], argv: list[str]) -> list[str]:
    """The call that runs argv with places ({path inside: path outside}) and what programs need; root is an empty directory.

    Inside, it is root of its own users and can write only what belongs to FIRST and the users after it.
    """
    return [sys.executable, "-I", "-c", inspect.getsource(sys.modules[__name__]), json.dumps({"root": root, "places": places}), *argv]


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    values = [argument.encode() if isinstance(argument, str) else argument for argument in arguments]
    if getattr(libc, name)(*values):
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (name, os.strerror(number)), arguments[0] if isinstance(arguments[0], str) else None)


def _mount(source: str, target: str, form: str | None, flags: int, data: str | None = None) -> None:
    _call("mount", source, target, form, ctypes.c_ulong(flags), data)


def _show(outside: str, target: str) -> None:
    """Have a file or directory of the machine at target, with the link that it is, if it is one."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(outside):
        os.symlink(os.readlink(outside), target)
        return
    if os.path.isdir(outside):
        os.mkdir(target)
    else:
        with open(target, "wb"):
            pass
    _mount(outside, target, None, BIND | WHOLE)


def _lay_out(root: str, places: dict[str, str]) -> None:
    """Make root the root of all files."""
    _mount("none", "/", None, PRIVATE | WHOLE)
    _mount("files", root, "tmpfs", NO_SETUID, "mode=755,size=64m,nr_inodes=64k")
    for path in filter(os.path.lexists, READABLE):
        _show(path, root + path)
        if not os.path.islink(path):
            _mount("none", root + path, None, BIND | REMOUNT | READ_ONLY | NO_SETUID | NO_DEVICES)
    for path in filter(os.path.exists, DEVICES):
        _show(path, root + path)
    for path, content in OWN.items():
        with open(root + path, "w", encoding="ascii") as stream:
            stream.write(content)
    for inside, outside in places.items():
        _show(outside, root + inside)
        _mount("none", root + inside, None, BIND | REMOUNT | NO_SETUID | NO_DEVICES)
    os.mkdir(root + "/tmp")
    os.chown(root + "/tmp", FIRST, FIRST)
    os.mkdir(root + "/proc")
    _mount("proc", root + "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    os.chdir(root)
    _call("pivot_root", ".", ".")
    _call("umount2", ".", DETACH)
    os.chdir("/")


def _limit() -> None:
    for which, value in ((resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_FSIZE, FILE), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(which, (value, value))
    # of all programs on this machine, the first to go when memory is short
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as stream:
        stream.write("1000")


def _enter(given: dict[str, Any], tell: int, told: int, argv: list[str]) -> None:
    os.setsid()  # without the terminal of whoever started this
    _call("unshare", NEW_FILES)
    _lay_out(given["root"], given["places"])
    _limit()
    _call("unshare", NEW_USERS_AND_REST)
    os.write(tell, b"1")
    if not os.read(told, 1):
        raise OSError("the users could not be mapped")
    socket.sethostname(NAME)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    _call("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, 0x8914, struct.pack("16sH14x", b"lo", 1))  # loopback up
    os.execvpe(argv[0], argv, ENVIRONMENT)


def _wait(child: int, root: str) -> int:
    """The exit status of the program; it is stopped before the disk is full."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        disk = os.statvfs(os.path.dirname(root))
        if disk.f_bavail * disk.f_frsize < FLOOR:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            sys.stderr.write("it filled the disk below %s up to the last %d MiB\n" % (os.path.dirname(root), FLOOR >> 20))
            return FULL
        time.sleep(0.1)


def main(argv: list[str]) -> int:
    """Run argv[1:] as argv[0] says; returns its exit status."""
    given = json.loads(argv[0])
    _call("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    (asked, tell), (told, answer) = os.pipe(), os.pipe()
    _call("unshare", NEW_PROCESSES)
    child = os.fork()
    if not child:
        os.close(answer)
        try:
            _enter(given, tell, told, argv[1:])
        except OSError as wrong:
            sys.stderr.write("no namespace of its own could be made: %s\n" % wrong)
        os._exit(70)
    os.close(tell)
    if os.read(asked, 1):
        for name in ("uid_map", "gid_map"):
            with open("/proc/%d/%s" % (child, name), "w", encoding="ascii") as stream:
                stream.write("0 %d %d" % (FIRST, COUNT))
        os.write(answer, b"1")
    return _wait(child, given["root"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
