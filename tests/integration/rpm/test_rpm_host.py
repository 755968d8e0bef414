# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of an unsupported distribution is refused with one sentence by the first playbook, and nothing is created for it."""
from __future__ import annotations

import subprocess

import pytest

# What this machine has of ours is neither read nor touched; at the end where the run left files, and how many hosts its store knows.
ALONE = r"""
for each in /var/lib/safetytwin /run/safetytwin; do mkdir -p $each; mount -t tmpfs -o mode=700 tmpfs $each; done
"$@" || status=$?
find /var/lib/safetytwin -mindepth 1 -path '*/runtime*' -prune -o -type f -printf '%P\n' | cut -d/ -f1 | sort -u | sed 's/^/left: /'
if test -e /var/lib/safetytwin/store.sqlite; then
    python3 -c 'import sqlite3; print("known:", *sqlite3.connect("/var/lib/safetytwin/store.sqlite").execute("SELECT count(*) FROM entry").fetchone())'
fi
exit ${status:-0}
"""
SENTENCE = "but only hosts of the Debian family are supported. Remove it from the group twin_hosts."


def play(host, *words):
    """(exit status, what was said) of a playbook whose hypervisor is this machine."""
    command = ["unshare", "--mount", "sh", "-c", ALONE, "sh", *host.play(*words)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=host.environment, check=False, timeout=120
    )
    return done.returncode, done.stdout


def refused(host, *words):
    """Output of a run that must fail with one sentence."""
    status, said = play(host, *words)
    assert status not in (0, 250), said
    assert SENTENCE in said and said.count("FAILED") == 1, said
    assert "Traceback" not in said
    return said


def test_install_refuses_it_and_prepares_nothing(fedora):
    said = refused(fedora, "install")
    assert "ctrpm is Fedora, " + SENTENCE in said
    assert "left:" not in said


@pytest.mark.parametrize("words", [(), ("-e", "twin_image_path=/var/lib/any.qcow2"), ("--check",)], ids=["sync", "with an image of one's own", "check mode"])
def test_the_first_sync_refuses_it_and_keeps_nothing(fedora, words):
    said = refused(fedora, "sync", *words)
    assert "ctrpm is Fedora Linux 40 (Server Edition), " + SENTENCE in said
    left = {line.partition(": ")[2] for line in said.splitlines() if line.startswith("left: ")}
    assert not {name for name in left if not name.startswith("store.sqlite")}, "no image, no facts for one, no contents"
    if left:
        assert "known: 0" in said
    domains = subprocess.run(["virsh", "-q", "-c", "qemu:///system", "list", "--all", "--name"], capture_output=True, text=True, check=True).stdout
    assert "twin-ctrpm" not in domains.split()
