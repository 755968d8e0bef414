# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates and removes lab hosts: systemd-nspawn machines with their own tree, address and ssh keys. Facts are read from the machine, not stored."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path

from . import network, tree
from .shell import RUN, STATE, LabError, cache, run, say, stage, stop, systemd_is_init, wait_until, write

HOSTS = STATE / "hosts"
RESTRICTED = "/usr/sbin:/usr/bin:/sbin:/bin"


def names() -> list[str]:
    return sorted(path.name for path in HOSTS.iterdir() if (path / "host.json").exists()) if HOSTS.is_dir() else []


def facts(name: str) -> dict[str, str]:
    """Name, release, template, address, tree of a host that was set up."""
    try:
        return json.loads((HOSTS / name / "host.json").read_text())
    except FileNotFoundError:
        raise LabError(f"There is no lab host '{name}'; make it by 'lab host up {name}'.") from None


def nspawn_pid(name: str) -> int | None:
    """Process id of the systemd-nspawn that runs this host's tree, from the list of processes: a pid file could be outdated."""
    mark = f"--directory={HOSTS / name / 'tree'}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"systemd-nspawn") and mark in words:
            return int(path.parent.name)
    return None


def leader(name: str) -> int | None:
    """Process id, on this machine, of the host's process 1, found by its root directory: it outlives a killed systemd-nspawn."""
    try:
        root = (HOSTS / name / "tree").stat()
    except FileNotFoundError:
        return None
    for path in Path("/proc").glob("[0-9]*"):
        try:
            numbers = next(line for line in (path / "status").read_text().splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(numbers) > 1 and numbers[-1] == "1" and os.path.samestat(os.stat(path / "root"), root):
                return int(path.name)
        except (OSError, StopIteration):
            continue
    return None


def up(name: str, release: str, template: str) -> None:
    if not name.isalnum() or len(name) > 9:
        raise LabError(f"'{name}' cannot name a lab host: up to 9 letters and digits.")
    network.up()
    if name in names():
        known = facts(name)
        if (known["release"], known["template"]) != (release, template):
            raise LabError(f"Lab host '{name}' exists as {known['release']}/{known['template']}; remove it first: lab host down {name}.")
    else:
        _unpack(name, release, template)
    if nspawn_pid(name) is None and leader(name) is None:
        with stage(f"host {name}: booting", "10 s"):
            _boot(name)
            _wait_ready(name)
    else:
        _wait_ready(name)
        say(f"host {name}: already runs")
    known = facts(name)
    say(f"host {name}: {known['release']}/{known['template']} at {known['address']}; log in with '{shlex.join(ssh_command(name))}'")


def _unpack(name: str, release: str, template: str) -> None:
    source = tree.build(release, template)
    home, partial = HOSTS / name, HOSTS / f".{name}.new"
    for path in (home, partial):
        shutil.rmtree(path, ignore_errors=True)
    with stage(f"host {name}: unpacking its tree", "4 s"):
        (partial / "tree").mkdir(parents=True)
        run(["tar", "-C", partial / "tree", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf", source])
        address = _free_address()
        _make_own(partial / "tree", name, address)
        write(partial / "host.json", json.dumps({"name": name, "release": release, "template": template, "address": address,
                                                "tree": str(home / "tree")}))
        host_key = (partial / "tree/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
        write(partial / "known_hosts", f"{address},{name} {' '.join(host_key)}\n")
        partial.rename(home)


def _free_address() -> str:
    taken = {facts(name)["address"] for name in names()}
    prefix = network.GATEWAY.rsplit(".", 1)[0]
    return next(address for number in range(network.FIRST_HOST, 250) if (address := f"{prefix}.{number}") not in taken)


def key() -> Path:
    """The key that logs in to every lab host; made once."""
    path = cache() / "lab" / "id_ed25519"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "safetytwin lab", "-f", path])
    return path


def _make_own(root: Path, name: str, address: str) -> None:
    """Set the values that must differ between machines."""
    write(root / "etc/hostname", name + "\n")
    write(root / "etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost ip6-loopback\n")
    # an empty machine-id would make this a first boot, which presets every unit
    write(root / "etc/machine-id", uuid.uuid4().hex + "\n", 0o444)
    write(root / "etc/systemd/network/10-host0.network",
          f"[Match]\nName=host0\n\n[Network]\nAddress={address}/24\nGateway={network.GATEWAY}\nDNS={network.GATEWAY}\nLinkLocalAddressing=no\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    write(root / "etc/resolv.conf", f"nameserver {network.GATEWAY}\n")
    run(["systemctl", "-q", f"--root={root}", "enable", "systemd-networkd.service"])
    for old in (root / "etc/ssh").glob("ssh_host_*"):
        old.unlink()
    run(["ssh-keygen", "-q", "-A", "-f", root])
    write(root / "root/.ssh/authorized_keys", key().with_suffix(".pub").read_text(), 0o600)
    (root / "root/.ssh").chmod(0o700)


def _boot(name: str) -> None:
    link = f"vb-st-{name}"
    if Path(f"/sys/class/net/{link}").exists():
        run(["ip", "link", "delete", link])
    known = facts(name)
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--directory={known['tree']}", f"--machine=st-{name}",
               f"--hostname={name}", "--boot", f"--network-bridge={network.BRIDGE}", "--resolv-conf=off", "--timezone=off", "--capability=all",
               "--system-call-filter=@keyring bpf", "--console=read-only", *tree.nspawn_options(known["template"], known["release"])]
    # without it the machine gets this kernel's legacy hierarchy, in which containers and newer systemd do not start
    hierarchy = "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"
    if systemd_is_init():
        run(["systemd-run", "--quiet", "--collect", f"--unit=safetytwin-lab-{name}", "--property=Delegate=yes", "--property=KillMode=mixed",
             f"--setenv={hierarchy}", *command])
        return
    RUN.mkdir(parents=True, exist_ok=True)
    with open(RUN / f"{name}.console", "w", encoding="utf-8") as console:
        subprocess.Popen(["env", hierarchy, *command], stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)


def _wait_ready(name: str) -> None:
    hint = f"see {RUN / name}.console and 'lab host exec {name} -- journalctl -b'."
    wait_until(lambda: leader(name) is not None, f"Lab host '{name}' did not start", 15, hint)
    wait_until(lambda: _settled(name), f"Lab host '{name}' did not finish booting", 90, hint)
    wait_until(lambda: _ssh_answers(facts(name)["address"]), f"ssh on lab host '{name}' did not answer", 30, hint)


def _settled(name: str) -> bool:
    state = run(_enter(name, ["systemctl", "is-system-running"]), check=False).stdout.strip()
    return state in ("running", "degraded")


def _ssh_answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=2) as link:
            return link.recv(4) == b"SSH-"
    except OSError:
        return False


def _enter(name: str, command: list[str]) -> list[str]:
    pid = leader(name)
    if pid is None:
        raise LabError(f"Lab host '{name}' does not run; start it by 'lab host up {name}'.")
    return ["nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "env", "--chdir=/", "-i", f"PATH={RESTRICTED}",
            "HOME=/root", "LC_ALL=C.UTF-8", f"TERM={os.environ.get('TERM', 'dumb')}", *command]


def execute(name: str, command: list[str]) -> int:
    """Run a command in the host's namespaces, with this process's own input and output; its exit status."""
    return subprocess.run(_enter(name, command), check=False).returncode


def ssh_command(name: str) -> list[str]:
    return ["ssh", "-i", str(key()), "-o", f"UserKnownHostsFile={HOSTS / name / 'known_hosts'}", "-o", "IdentitiesOnly=yes",
            f"root@{facts(name)['address']}"]


def down(name: str) -> None:
    """Stop the host and remove its tree."""
    # the tree is thrown away, so nothing need be shut down in order; with process 1 goes everything inside, and then systemd-nspawn
    for pid in (leader(name), nspawn_pid(name)):
        if pid is not None:
            stop(pid, f"lab host '{name}'", signal.SIGKILL)
            say(f"host {name}: stopped process {pid}")
    for path in (HOSTS / name, HOSTS / f".{name}.new"):
        if path.exists():
            shutil.rmtree(path)
            say(f"host {name}: removed")
