# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shlex

from ansible_collections.safetytwin.twin.plugins.module_utils._base.access import PORT
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import run
from ansible_collections.safetytwin.twin.plugins.module_utils._image import tree

NGINX = {"version": "1.22", "status": "installed", "held": False, "automatic": False}
ACCOUNTS = {
    "group:shop": {"gid": 990, "members": ["alice", "bob"]},
    "group:alice": {"gid": 1000, "members": []},
    "user:alice": {"uid": 1000, "group": "alice", "gecos": "Alice", "home": "/home/alice", "shell": "/bin/bash"},
    "user:shopd": {"uid": 990, "group": "shop", "gecos": "", "home": "/home/shopd", "shell": "/usr/sbin/nologin"},
    "user:lone": {"uid": 1001, "group": "4711", "gecos": "", "home": "/srv/lone", "shell": "/bin/sh"},
}


def test_accounts_have_the_hosts_numbers_and_no_password():
    told = tree.lists(ACCOUNTS, {"nginx:amd64": dict(NGINX, held=True), "lib:i386": dict(NGINX, automatic=True)}, ["nginx", "lib:i386"])
    assert told["passwd"] == [
        "shopd:x:990:990::/home/shopd:/usr/sbin/nologin", "alice:x:1000:1000:Alice:/home/alice:/bin/bash", "lone:x:1001:4711::/srv/lone:/bin/sh",
    ]
    assert told["group"] == ["shop:x:990:alice,bob", "alice:x:1000:"]
    assert all(line.split(":")[1] == "!" for line in told["shadow"])
    assert told["homes"] == ["/home/alice:1000:1000"]
    assert (told["auto"], told["hold"]) == (["lib:i386"], ["nginx hold"])


def test_an_image_contains_the_management_ssh_and_reads_the_seed():
    files = tree.files("initramfs-tools")
    assert "Port %d" % PORT in files["/etc/safetytwin/sshd_config"]
    assert "by-label/cidata" in files[tree.FIRST_BOOT_UNIT]
    assert set(files["/etc/initramfs-tools/modules"].split()) >= {"virtio_blk", "ext4"}
    assert all(target == "/dev/null" or target in files for target in tree.LINKS.values())


def test_each_builder_of_a_ramdisk_is_told_the_same_modules():
    """And only the one that is there has a configuration."""
    listed = {builder: {path: text for path, text in tree.files(builder).items() if "initramfs" in path} for builder in tree.RAMDISK}
    assert [len(files) for files in listed.values()] == [2, 1]
    for files in listed.values():
        assert all(any(module in text for text in files.values()) for module in tree.MODULES)


def test_the_hooks_are_sound_shell():
    for script in (tree.MERGE, tree.FINISH):
        assert run(["sh", "-n", "-c", script]).rc == 0


def test_merging_puts_the_hosts_accounts_first_and_keeps_the_others(tmp_path):
    root, lists = tmp_path / "a tree", tmp_path / "lists"
    (root / "etc").mkdir(parents=True)
    lists.mkdir()
    for name, own, base in (("passwd", "ula:x:1000:1000::/home/ula:/bin/sh\nmail:x:88:88::/:/bin/sh\n", "root:x:0:0::/:/bin/sh\nmail:x:8:8::/:/bin/sh\n"),
                            ("group", "mail:x:88:\n", "root:x:0:\n")):
        (lists / name).write_text(own)
        (root / "etc" / name).write_text(base)
    (lists / "merge").write_text(tree.MERGE)
    done = run(["sh", "-eu", str(lists / "merge"), str(root), str(lists)])
    assert done.rc == 0, shlex.quote(done.err.decode())
    assert [line.split(":")[:3] for line in (root / "etc/passwd").read_text().splitlines()] == [["ula", "x", "1000"], ["mail", "x", "88"], ["root", "x", "0"]]
    assert (root / "etc/group").read_text() == "mail:x:88:\nroot:x:0:\n"
