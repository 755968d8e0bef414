# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands, places and small tools that every part of the lab shares."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

STATE = Path("/var/lib/safetytwin-lab")
RUN = Path("/run/safetytwin-lab")


class LabError(Exception):
    """A sentence: what failed, on which item, what to do."""


def cache() -> Path:
    """Directory of the cache, which is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SAFETYTWIN_CACHE") or Path(home) / "safetytwin")


def say(text: str) -> None:
    sys.stdout.write(f"lab: {text}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def stage(name: str, usual: str) -> Iterator[None]:
    """Print what is done and how long it usually takes, then how long it took."""
    say(f"{name} (usually {usual}) ...")
    start = time.monotonic()
    yield
    say(f"{name}: {time.monotonic() - start:.1f} s")


def run(argv: Sequence[str | Path], *, check: bool = True, timeout: float = 600, log: Path | None = None,
        env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. With `log`, its output goes there instead of into the result."""
    words = [str(word) for word in argv]
    # an orphan of a killed lab run must not go on working beside the next one
    words = ["setpriv", "--pdeathsig", "TERM", *words]
    try:
        with open(log or os.devnull, "a", encoding="utf-8") as sink:
            done = subprocess.run(words, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=timeout, check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                                  stdout=sink if log else subprocess.PIPE, stderr=sink if log else subprocess.PIPE)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"'{argv[0]}' did not end within {timeout:.0f} s; run the command again.") from error
    if check and done.returncode:
        tail = log.read_text(errors="replace") if log else done.stderr or done.stdout
        raise LabError(f"'{' '.join(str(word) for word in argv[:6])}' failed ({done.returncode}): {tail.strip()[-800:]}")
    return done


def wait_until(true: Callable[[], bool], what: str, seconds: float, hint: str) -> None:
    """Poll a condition; after `seconds` raise an error that names the condition and where to look."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise LabError(f"{what} within {seconds:.0f} s; {hint}")
        time.sleep(0.1)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(mode)
    new.replace(path)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of the lab, so that one command at a time changes it; the kernel releases the lock of a killed command."""
    RUN.mkdir(parents=True, exist_ok=True)
    with open(RUN / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("wait until another lab command ends")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def systemd_is_init() -> bool:
    return Path("/run/systemd/system").is_dir()


def alive(pid_file: Path, program: str) -> int | None:
    """The pid in `pid_file` when that process lives and is `program`; a stale file counts as none."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if name == program[:15] else None


def stop(pid: int, what: str, signal_number: int, seconds: float = 30) -> None:
    """Send one process a signal and see it gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal_number)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _zombie(pid), f"{what} (pid {pid}) did not stop", seconds, "stop it by hand.")


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
