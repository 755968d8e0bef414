# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong options and broken machines: each gives a sentence and a status other than 0, and nothing is half done."""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from following import refused, until

from labkit import shell
from labkit.shell import systemd_is_init

PYTHON = ("-e", "ansible_python_interpreter=/usr/bin/python3")
LIBVIRT_SOCKETS = ("libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket")


@pytest.mark.parametrize(("words", "sentence"), [
    (["-e", "twin_drift=maybe"], "value of twin_drift must be one of"),
    (["-e", "twin_memory_mib=plenty"], "twin_memory_mib"),
    (["-e", "twin_hypervisor=nowhere.invalid"], "nowhere.invalid"),
    (["-e", "twin_accel=magic"], "value of twin_accel must be one of"),
])
def test_a_wrong_value_is_named(pair, words, sentence):
    refused(pair.sync(*words), sentence)


@pytest.mark.parametrize(("module", "arguments", "sentence"), [
    ("twin_info", "host=it1 colour=red", "colour"),
    ("twin_converge", "host=it1 drift=maybe", "value of drift must be one of"),
    ("host_state_info", "scopes=weather", "There is no scope weather. The scopes are: accounts, containers"),
    ("twin_converge", "host=unknown1", "Nothing is known of unknown1 yet"),
    ("libvirt_twin", "host=it1 state=flying", "value of state must be one of"),
])
def test_a_wrong_option_is_named(pair, module, arguments, sentence):
    refused(pair.run(pair.tool("ansible", "localhost", "-m", "safetytwin.twin." + module, "-a", arguments)), sentence)


def test_no_host_by_that_name(pair):
    refused(pair.sync("--limit", "nobody"), "nobody", "no hosts")


def test_an_ordinary_user_of_the_hypervisor_gets_a_sentence(pair):
    nobody = {"ansible_become_user": "nobody", "ansible_become_method": "ansible.builtin.su", "ansible_become_flags": "-s /bin/sh"}
    sentences = {
        "twin_info": "/var/lib/safetytwin/runtime cannot be written: run this as root (become).",
        "twin_converge": "/var/lib/safetytwin/runtime cannot be written: run this as root (become).",
        "libvirt_twin": "be root (become) or a member of the group libvirt.",
        "libvirt_twin_info": "be root (become) or a member of the group libvirt.",
    }
    for module, sentence in sentences.items():
        words = ["-m", "safetytwin.twin." + module, "-a", "host=it1", "-e", json.dumps(nobody), *PYTHON]
        refused(pair.run(pair.tool("ansible", "localhost", "-b", *words)), sentence)


def test_another_machine_under_the_hosts_name_is_refused(pair):
    own = pair.on_host("cat /etc/machine-id")
    twin = pair.on_twin("sha256sum /etc/hostname /etc/default/shopd")
    try:
        pair.on_host("cp -a /etc/machine-id /run/machine-id.was && chmod u+w /etc/machine-id && echo 0123456789abcdef0123456789abcdef > /etc/machine-id")
        pair.on_host("echo GREETING=Impostor >> /etc/default/shopd")
        refused(pair.sync(), "this is another machine", own, "uninstall --limit it1")
    finally:
        pair.on_host("sed -i /Impostor/d /etc/default/shopd; cp -a /run/machine-id.was /etc/machine-id")
    assert pair.on_twin("sha256sum /etc/hostname /etc/default/shopd") == twin
    pair.synced()
    assert pair.on_host("cat /etc/machine-id") == own


@pytest.fixture
def images(pair, tmp_path):
    """Have an image from a request into an empty directory; what is left there."""
    directory = tmp_path / "images"

    def make(*words, before=()):
        arguments = " ".join(words) + f" directory={directory}"
        return pair.run([*before, *pair.tool("ansible", "localhost", "-m", "safetytwin.twin.twin_image", "-a", arguments, *PYTHON)])

    make.directory = directory
    return make


@pytest.fixture
def image(tmp_path):
    """A small qcow2 that is whole, with 32 MiB in it."""
    raw, path = tmp_path / "small.raw", tmp_path / "small.qcow2"
    subprocess.run(["dd", "if=/dev/urandom", f"of={raw}", "bs=1M", "count=32", "status=none"], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, path], check=True)
    return path


def whole(directory):
    """Images that count."""
    return list(pathlib.Path(directory).glob("*/manifest.json"))


def test_no_space_for_a_base_image(images, image):
    images.directory.mkdir()
    # A file system of this command's own: nothing to unmount, whatever happens.
    script = 'd=$1; shift; mount -t tmpfs -o size=8m none "$d" && "$@"; status=$?; find "$d" -name "*.json"; exit $status'
    ran = images(f"path={image}", before=["unshare", "--mount", "sh", "-c", script, "sh", str(images.directory)])
    refused(ran, "No space left on device")
    assert "manifest.json" not in ran.said
    assert images(f"path={image}").rc == 0, "and with room it is made"
    assert len(whole(images.directory)) == 1
    shutil.rmtree(images.directory)


@pytest.fixture
def room():
    """A directory that QEMU's user can pass, as tests' own cannot be."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as path:
        os.chmod(path, 0o711)
        yield pathlib.Path(path)


def test_no_space_for_a_layer(pair, image, room):
    (room / "base").mkdir()
    (room / "twins").mkdir()
    shutil.copy(image, room / "base" / "disk.qcow2")
    words = f"host=full1 machine_id={'0' * 32} state=stopped accel=tcg image={room}/base directory={room}/twins"
    script = 'mount -t tmpfs -o size=8m none "$1" && shift && exec "$@"'
    command = pair.tool("ansible", "localhost", "-m", "safetytwin.twin.libvirt_twin", "-a", words, *PYTHON)
    refused(pair.run(["unshare", "--mount", "sh", "-c", script, "sh", f"{room}/twins", *command]), "a layer needs at least 256 MiB: free some space")
    domains = subprocess.run(["virsh", "-c", "qemu:///system", "list", "--all", "--name"], capture_output=True, check=True).stdout
    assert b"twin-full1" not in domains
    pair.done(pair.tool("ansible", "localhost", "-m", "safetytwin.twin.libvirt_twin", "-a", "host=full1 state=absent", *PYTHON))


def test_libvirt_that_is_down_and_back(pair):
    boot = pair.on_twin("cat /proc/sys/kernel/random/boot_id")
    stop_libvirt()
    try:
        refused(pair.sync(), "Cannot reach libvirt at qemu:///system", "start libvirtd")
    finally:
        pair.done(pair.lab("hypervisor", "up"))
    pair.synced()
    assert pair.on_twin("cat /proc/sys/kernel/random/boot_id") == boot, "the twin ran on"


def stop_libvirt():
    if systemd_is_init():
        subprocess.run(["systemctl", "stop", *LIBVIRT_SOCKETS, "libvirtd.service"], check=True)
        return
    pid_files = (shell.RUN / "libvirtd.pid", pathlib.Path("/run/libvirtd.pid"))
    pid = next(pid for pid in (shell.alive(path, "libvirtd") for path in pid_files) if pid)
    shell.stop(pid, "libvirtd", 15)
    until(lambda: subprocess.run(["virsh", "-c", "qemu:///system", "version"], capture_output=True, check=False).returncode, "libvirt was down")
