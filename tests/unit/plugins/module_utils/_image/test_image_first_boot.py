# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first boot of a built image, applied to a directory: the seed is the one that a twin gets."""
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._image import tree
from ansible_collections.safetytwin.twin.plugins.module_utils._twin import seed

KEYS = {"host_private": "PRIVATE\n", "host_public": "ssh-ed25519 AAAA twin\n", "authorized": "ssh-ed25519 BBBB\n"}
BEFORE = {"passwd": "root:x:0:0::/root:/bin/sh\n", "group": "root:x:0:\n", "shadow": "root:*:1::::::\n", "gshadow": "root:*::\n"}


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    """A tree with accounts, and the seed beside it."""
    (tmp_path / "seed").mkdir()
    marker = {"host": "web1.example.org", "twin": "twin-web1", "uuid": "the-uuid"}
    for name, text in seed.documents(marker, "52:54:00:01:02:03", KEYS, {"user": "twin", "hash": "$6$x"}).items():
        (tmp_path / "seed" / name).write_text(text)
    root = tmp_path / "root"
    for directory in ("etc/skel/.config", "proc/sys/kernel", "home"):
        (root / directory).mkdir(parents=True)
    (root / "etc/skel/.config/x").write_text("x")
    for name, text in BEFORE.items():
        (root / "etc" / name).write_text(text)
    return tmp_path


def boot(machine):
    """The file as the image has it, alone: nothing of the collection can be imported."""
    program = machine / "first_boot.py"
    program.write_text(tree.files("tiny-initramfs")[tree.FIRST_BOOT])
    code = "import runpy; runpy.run_path(%r)['main'](%r, %r)" % (str(program), str(machine / "seed"), str(machine / "root"))
    subprocess.run([sys.executable, "-I", "-c", code], check=True, cwd=machine)
    return machine / "root"


def test_the_files_of_the_seed_arrive_with_their_modes(machine):
    root = boot(machine)
    assert (root / "etc/safetytwin/twin.json").read_text() == '{"host":"web1.example.org","twin":"twin-web1","uuid":"the-uuid"}\n'
    modes = {path.name: path.stat().st_mode & 0o777 for path in (root / "etc/safetytwin").iterdir()}
    assert modes == {
        "twin.json": 0o644, "ssh_host_ed25519_key": 0o600, "ssh_host_ed25519_key.pub": 0o644, "authorized_keys": 0o600, "sshd_config": 0o644,
    }
    assert (root / "etc/safetytwin/ssh_host_ed25519_key").read_text() == "PRIVATE\n"
    assert not (root / "etc/cloud").exists()


def test_the_host_name_holds_at_once_and_at_the_next_boot(machine):
    root = boot(machine)
    assert [(root / path).read_text() for path in ("etc/hostname", "proc/sys/kernel/hostname")] == ["web1\n", "web1\n"]


def test_the_interface_of_the_seed_asks_for_an_address(machine):
    text = (boot(machine) / "etc/systemd/network/10-safetytwin-twin.network").read_text()
    assert text == "[Match]\nMACAddress=52:54:00:01:02:03\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\n"


def test_the_console_account_is_added_with_its_password_home_and_right_to_sudo(machine):
    root = boot(machine)
    assert (root / "etc/passwd").read_text() == BEFORE["passwd"] + "twin:x:62022:62022:Console of the twin:/home/twin:/bin/bash\n"
    assert (root / "etc/group").read_text() == BEFORE["group"] + "twin:x:62022:\n"
    assert (root / "etc/shadow").read_text().splitlines()[1].split(":")[:2] == ["twin", "$6$x"]
    assert (root / "etc/sudoers.d/90-safetytwin").read_text() == "twin ALL=(ALL) ALL\n"
    assert (root / "etc/sudoers.d/90-safetytwin").stat().st_mode & 0o777 == 0o440
    owners = {path.stat().st_uid for path in (root / "home/twin", root / "home/twin/.config", root / "home/twin/.config/x")}
    assert owners == {62022 if os.geteuid() == 0 else os.geteuid()}


def test_a_second_run_after_a_boot_that_was_cut_off_gives_the_same(machine):
    first = {path: path.read_bytes() for path in boot(machine).rglob("*") if path.is_file()}
    (machine / "root/etc/hostname").write_text("half")
    assert {path: path.read_bytes() for path in boot(machine).rglob("*") if path.is_file()} == first


def test_an_account_of_the_host_stays_as_it_is(machine):
    own = "twin:x:1000:1000::/srv/twin:/bin/sh\n"
    (machine / "root/etc/passwd").write_text(own)
    assert (boot(machine) / "etc/passwd").read_text() == own


def test_what_is_done_at_the_first_boot_is_no_part_of_the_next():
    unit = tree.files("tiny-initramfs")[tree.FIRST_BOOT_UNIT]
    removed = next(line for line in unit.splitlines() if line.startswith("ExecStart=/bin/rm ")).split()[1:]
    assert removed == [tree.FIRST_BOOT, tree.FIRST_BOOT_UNIT, *(link for link, target in tree.LINKS.items() if target == tree.FIRST_BOOT_UNIT)]


def test_no_part_of_the_seed_is_forgotten():
    """What is not applied at the first boot is done by the image's units, or is about cloud images alone."""
    texts = seed.documents({"host": "h", "twin": "t", "uuid": "u"}, "52:54:00:01:02:03", KEYS, {"user": "twin", "hash": "x"})
    told = json.loads(texts["user-data"].partition("\n")[2])
    applied = {"hostname", "users", "write_files"}
    assert set(told) - applied == {"ssh_pwauth", "ssh_deletekeys", "ssh_genkeytypes", "runcmd"}
    assert set(told["users"][0]) - {"name", "gecos", "uid", "shell", "passwd", "sudo"} == {"lock_passwd"}
    assert set(json.loads(texts["network-config"])["ethernets"]["twin"]) == {"match", "dhcp4", "dhcp6", "dhcp-identifier"}
