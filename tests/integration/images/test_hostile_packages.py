# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts and files of packages reach nothing of the hypervisor while an image is built; the hypervisor is watched from outside."""
from __future__ import annotations

import base64
import json
import os
import pathlib
import platform
import socket
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lab"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "packages"))
from labkit import runtime, tree  # noqa: E402

runtime.importable()
from repositories import Server, make_key, serving  # noqa: E402
from safetytwin._base.errors import TwinError  # noqa: E402
from safetytwin._base.run import run  # noqa: E402
from safetytwin._image import build, cache, namespace  # noqa: E402

pytestmark = pytest.mark.hostile

SECRET = "content of a file that only root may read"
# What a script of a package tries as root of the place where it runs. @ stands for the canary's directory, PORT for a service of the hypervisor.
ATTACK = r"""
for place in / @ /proc/1/root /proc/1/cwd /tmp/../..; do
    touch "$place/marker"; touch "$place@/marker"; chmod 0777 "$place"; chmod 0777 "$place@"; rm -rf "$place@/canary"; cat "$place@/canary"
done
ln -s @/canary link; cat link; echo changed > link; chown 0:0 link
mkdir box; mount --bind / box; cat box@/canary; umount box
mount -o remount,rw /usr && touch /usr/marker
mknod disk b 254 0 && cat disk | head -c 512
echo 1 > /proc/sys/kernel/sysrq; echo marker > /proc/sys/kernel/core_pattern; hostname marker
nsenter -t 1 -m -- touch @/marker
kill -9 -1
python3 - <<'END'
import socket
for address in ("127.0.0.1", "localhost"):
    try:
        socket.create_connection((address, PORT), 2).send(b"marker")
    except OSError:
        pass
END
ls /var/lib/libvirt /var/lib/safetytwin /run /root /home
(sleep 600 > /dev/null 2>&1 &)
true
"""


@pytest.fixture(name="canary")
def fixture_canary(tmp_path):
    """A directory that no one but root may enter; afterwards it is as it was, and nothing was said to the service beside it."""
    directory = tmp_path / "canary"
    directory.mkdir(0o700)
    secret = directory / "canary"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as service:
        threading.Thread(target=lambda: heard.append(service.accept()), daemon=True).start()
        before = [(path, os.lstat(path).st_mode, os.lstat(path).st_uid, os.lstat(path).st_mtime_ns) for path in watched(directory)]
        yield secret, service.getsockname()[1]
        assert [(path, os.lstat(path).st_mode, os.lstat(path).st_uid, os.lstat(path).st_mtime_ns) for path in watched(directory)] == before
        assert secret.read_text() == SECRET and os.listdir(directory) == ["canary"] and heard == []
        assert subprocess.run(["pgrep", "-u", str(namespace.FIRST)], capture_output=True, check=False).stdout == b"", "nothing is left running"
        assert socket.gethostname() != "marker" and not os.path.exists("/marker")


def watched(directory):
    return ["/", "/usr", "/etc", str(directory), str(directory / "canary"), "/proc/sys/kernel/core_pattern", "/etc/passwd"]


@pytest.fixture(name="work")
def fixture_work(tmp_path):
    work = tmp_path / "work"
    (work / "build").mkdir(parents=True)
    build._give(str(work / "build"))
    return work


def attack(secret, port):
    return ATTACK.replace("@", str(secret.parent)).replace("PORT", str(port))


def test_a_script_that_attacks_the_hypervisor_reaches_nothing(work, canary):
    secret, port = canary
    root = work / "root"
    root.mkdir()
    script = "cd /build\n" + attack(secret, port)
    said = run(namespace.command(str(root), {"/build": str(work / "build")}, ["sh", "-c", script]), timeout=60)
    assert said.rc in (0, 137) and SECRET.encode() not in said.out + said.err
    assert os.lstat(work / "build").st_uid == namespace.FIRST
    assert {os.lstat(path).st_uid for path in work.glob("build/*")} <= {namespace.FIRST}


def test_a_build_that_is_killed_leaves_nothing_running(work, canary):
    (work / "root").mkdir()
    call = namespace.command(str(work / "root"), {"/build": str(work / "build")}, ["sh", "-c", "touch /build/runs; sleep 600 & sleep 600"])
    with subprocess.Popen(call) as process:
        while not (work / "build/runs").exists():
            time.sleep(0.05)
        process.kill()
    deadline = time.monotonic() + 30
    while subprocess.run(["pgrep", "-u", str(namespace.FIRST)], capture_output=True, check=False).stdout and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_package_that_fills_the_disk_is_stopped(work, canary, monkeypatch):
    (work / "root").mkdir()
    call = namespace.command(str(work / "root"), {"/build": str(work / "build")}, ["sleep", "600"])
    call[3] = call[3].replace("FLOOR = 1 << 30", "FLOOR = 1 << 60")
    stopped = run(call, timeout=60)
    assert stopped.rc == namespace.FULL and b"filled the disk" in stopped.err


@pytest.fixture(name="made")
def fixture_made(work):
    """A tree as packages leave one, smaller."""
    files = work / "build/tree"
    for part in ("boot", "var/lib/dpkg", "home/user"):
        (files / part).mkdir(parents=True)
    (files / "boot/vmlinuz-1").write_text("kernel")
    (files / "boot/initrd.img-1").write_bytes(subprocess.run(["gzip", "-c"], input=b"ramdisk", capture_output=True, check=True).stdout)
    (files / "var/lib/dpkg/status").write_text("Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: x\nDescription: x\n")
    return files


def own(files):
    """Give a tree to the users of the namespace."""
    for directory, directories, names in os.walk(files):
        for name in [".", *directories, *names]:
            build._give(os.path.join(directory, name))


def test_a_tree_becomes_a_disk_with_the_owners_of_the_image(work, made, canary):
    own(made)
    os.chown(made / "home/user", namespace.FIRST + 1000, namespace.FIRST + 1000)
    assert build._take_out(str(work), 1) == ["a:all 1"]
    assert (work / "vmlinuz").read_text() == "kernel" and (work / "initrd.img").read_text() == "ramdisk"
    assert {(work / name).stat().st_uid for name in ("vmlinuz", "initrd.img", "disk.qcow2")} == {0}
    raw = work / "disk.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(work / "disk.qcow2"), str(raw)], check=True)
    told = subprocess.run(["debugfs", "-R", "ls -l /home", str(raw)], capture_output=True, check=True, text=True).stdout
    assert any(line.split()[3:5] == ["1000", "1000"] and line.endswith("user") for line in map(str.strip, told.splitlines())), told
    told = subprocess.run(["debugfs", "-R", "ls -l /", str(raw)], capture_output=True, check=True, text=True).stdout
    assert all(line.split()[3:5] == ["0", "0"] for line in told.splitlines() if line.endswith(("boot", "var", "home"))), told


@pytest.mark.parametrize("place", ["boot/vmlinuz-1", "boot/initrd.img-1", "var/lib/dpkg/status", "boot", "var/lib/dpkg", "etc"])
def test_links_of_a_tree_lead_to_no_file_of_the_hypervisor(work, made, canary, place):
    secret, _port = canary
    path = made / place
    if path.exists():
        path.rename(str(path) + ".old")
    path.symlink_to(secret if "-1" in place or place.endswith("status") else secret.parent)
    own(made)
    said = ""
    try:
        build._take_out(str(work), 1)
    except TwinError as refused:
        said = str(refused)
    assert SECRET not in said
    for produced in [*work.glob("output/*"), *work.glob("*.*"), work / "vmlinuz"]:
        empty = not produced.exists() or produced.stat().st_blocks == 0
        assert empty or subprocess.run(["grep", "-qaF", SECRET, str(produced)], check=False).returncode == 1


@pytest.mark.parametrize("kind", ["pipe", "device link", "bomb"])
def test_a_kernel_that_is_no_file_hangs_and_fills_nothing(work, made, canary, kind):
    kernel, ramdisk = made / "boot/vmlinuz-1", made / "boot/initrd.img-1"
    if kind == "bomb":
        ramdisk.write_bytes(b"\x1f\x8b" + b"\0" * 100)
    else:
        kernel.unlink()
        kernel.symlink_to("/dev/zero") if kind == "device link" else os.mkfifo(kernel)
    own(made)
    with pytest.raises(TwinError, match="Reading the base image's tree failed"):
        build._take_out(str(work), 1)


@pytest.mark.exhaustive
def test_an_image_of_a_hostile_repository_is_built_and_the_hypervisor_is_as_before(tmp_path, canary):
    secret, port = canary
    (tmp_path / "gnupg").mkdir()
    with serving(tmp_path / "served") as (url, refused):
        server = Server(tmp_path / "served", url, refused, [make_key(tmp_path / "gnupg", "one")])
        scripts = tmp_path / "served/hostile/pool/tree/DEBIAN"
        scripts.mkdir(parents=True)
        for name in ("preinst", "postinst"):
            (scripts / name).write_text("#!/bin/sh\ncd /opt\n" + attack(secret, port).replace("kill -9 -1\n", "")
                                        + "ln -sf %s /boot/vmlinuz-0; ln -sfn %s /opt/all; exit 0\n" % (secret, secret.parent))
            (scripts / name).chmod(0o755)
        server.add("hostile", "stable", "1", name="hostile")
        server.list("hostile.list", "deb @/hostile stable main\n")
        files = {**server.files, "/etc/apt/sources.list.d/debian.sources": tree.sources(tree.codename()).encode()}
        installed = {"version": "1", "status": "installed", "held": False, "automatic": False}
        facts = {
            "distribution": {"id": "debian", "version_id": "12", "codename": tree.codename()}, "architecture": platform.machine(), "accounts": {},
            "packages": {"hostile:all": installed, "systemd-sysv:amd64": installed},
            "sources": [{"path": path, "content": base64.b64encode(content).decode()} for path, content in files.items()],
        }
        made = cache.build({"facts": facts}, str(tmp_path / "images"), debs=str(tmp_path / "debs"))
    assert made["manifest"]["packages"]["hostile:all"] == "1" and SECRET not in json.dumps(made["manifest"])
    for name in ("disk.qcow2", "vmlinuz", "initrd.img"):
        path = os.path.join(made["directory"], name)
        assert os.stat(path).st_uid == 0 and subprocess.run(["grep", "-qaF", SECRET, path], check=False).returncode == 1
