# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and stops libvirt (qemu:///system), on machines with and without systemd as process 1."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

from .shell import RUN, alive, run, say, stage, stop, systemd_is_init, wait_until

KVM = Path("/dev/kvm")
# name, program, arguments, socket that answers when it runs; in order of start
DAEMONS = (
    ("dbus", "dbus-daemon", ["dbus-daemon", "--system", "--fork"], Path("/run/dbus/system_bus_socket")),
    ("virtlogd", "virtlogd", ["virtlogd", "-d"], Path("/run/libvirt/virtlogd-sock")),
    ("libvirtd", "libvirtd", ["libvirtd", "-d"], Path("/run/libvirt/libvirt-sock")),
)


def _listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def answers() -> bool:
    return _listening(DAEMONS[-1][3]) and run(["virsh", "-c", "qemu:///system", "version"], check=False, timeout=30).returncode == 0


def _open_kvm() -> None:
    """Set the mode of /dev/kvm as udev does. Otherwise libvirt probes QEMU in every call, which takes 4 s, because QEMU's user may not open it."""
    if KVM.exists() and KVM.stat().st_mode & 0o060 != 0o060:
        shutil.chown(KVM, group="kvm")
        KVM.chmod(0o660)


def up() -> None:
    _open_kvm()
    if answers():
        say("hypervisor: libvirt runs")
        return
    with stage("hypervisor: starting libvirt", "2 s"):
        if systemd_is_init():
            run(["systemctl", "start", "virtlogd.socket", "libvirtd.service"])
        else:
            for name, program, command, path in DAEMONS:
                _start(name, program, command, path)
        wait_until(answers, "qemu:///system did not answer", 30, "see /var/log/libvirt and 'libvirtd --verbose'.")


def _start(name: str, program: str, command: list[str], path: Path) -> None:
    if _listening(path):
        return
    RUN.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    pid_file = RUN / f"{name}.pid"
    if program == "dbus-daemon":
        # it refuses to start over the file of one that was killed
        Path("/run/dbus/pid").unlink(missing_ok=True)
        pid_file.write_text(run(["setsid", *command, "--print-pid"]).stdout)
    else:
        run(["setsid", *command, "--pid-file", pid_file])
    wait_until(lambda: _listening(path), f"{program} did not listen on {path}", 15, "start it by hand to see why.")


def down() -> None:
    """Stop the programs that `up` started. Running twins continue, as libvirt intends."""
    for name, program, _command, _path in reversed(DAEMONS):
        pid_file = RUN / f"{name}.pid"
        pid = alive(pid_file, program)
        if pid:
            stop(pid, program, signal.SIGTERM)
            say(f"hypervisor: stopped {program}")
        pid_file.unlink(missing_ok=True)
