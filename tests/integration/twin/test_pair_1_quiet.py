# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An unchanged cycle does nothing, no secret leaves the host, odd names have no effect, and no other machine is changed."""
from __future__ import annotations

import base64
import os
import pathlib
import shlex
import socket
import sqlite3
import subprocess
import time
import zlib

import plans
from following import STORE, until

ODD_NAMES = "cd /etc/shop.d && find . -type f -print0 | sort -z | base64 && find . -type f -exec sha256sum -z {} + | sort -z | base64"
FOOTPRINT = "find /var/lib/safetytwin/ -not -path '*/twins/*/layer-*' -printf '%p %i %s %T@ %C@\\n' | sort; sha256sum /var/lib/safetytwin/store.sqlite"
LOGINS = "journalctl -q -u safetytwin-ssh --no-pager | grep -c Accepted"


def settled(pair):
    """A sync that reports no changes."""
    until(lambda: "unchanged" in pair.synced(), "the twin settled")


def test_an_unchanged_sync_starts_nothing_in_the_twin_and_writes_nothing(pair, tmp_path):
    settled(pair)
    before, logins = footprint(), pair.on_twin(LOGINS)
    # Whatever reaches the twin is an ssh to it, or a call to the socket that ssh carries there.
    trace = tmp_path / "execs"
    watch = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "400", "-e", "trace=execve,connect", "-e", "signal=none", "-o", str(trace)]
    ran = pair.run([*watch, *pair.play("sync")])
    assert ran.rc == 0 and "unchanged" in ran.said, ran.said
    assert footprint() == before
    assert pair.on_twin(LOGINS) == logins
    calls = [line for line in trace.read_text(errors="replace").splitlines() if pair.domain in line]
    assert [line for line in calls if '"check"' not in line] == [], "only whether the channel lives may be asked"
    assert calls, "the trace sees what names the twin"


def test_install_prepares_host_and_hypervisor_and_then_changes_nothing(pair):
    for _run in range(2):
        said = pair.done(["env", "ANSIBLE_STDOUT_CALLBACK=ansible.builtin.default", *pair.play("install", "-e", "install_timer=false")])
    recap = said.partition("PLAY RECAP")[2]
    assert recap.count("changed=0 ") == recap.count("failed=0 ") == 2, said


def footprint():
    return subprocess.run(["sh", "-c", FOOTPRINT], capture_output=True, check=True).stdout


def test_secrets_of_the_host_are_found_nowhere(pair):
    key = pair.on_host("grep -v -e ----- /etc/ssl/private/shop.key").splitlines()
    token = pair.on_host("sed 's/.*=//' /etc/default/shop-token")
    hashes = [line.split(":")[1] for line in pair.on_host("cat /etc/shadow").splitlines() if line.split(":")[1].startswith("$")]
    needles = [needle.encode() for needle in [*key, token, *hashes]]
    assert len(needles) >= 3 and min(map(len, needles)) >= 20
    assert [needle for needle in needles if needle in pair.first.said.encode()] == []
    assert [needle for needle in needles for document in documents() if needle in document] == []
    patterns = pair.home / "needles"
    patterns.write_bytes(b"\n".join(needles))
    try:
        # Everything else on the hypervisor, the twin's whole disk included, and what the user's Ansible keeps.
        places = [STORE, "/run/safetytwin", str(pair.home / "ansible")]
        found = subprocess.run(
            ["grep", "-rlaF", "-D", "skip", "-f", str(patterns), *places], capture_output=True, check=False, env=dict(os.environ, LC_ALL="C")
        )
        assert (found.returncode, found.stdout) == (1, b""), found.stderr
    finally:
        patterns.unlink()
    assert pair.on_twin("grep -c '^SHOP_API_TOKEN' /etc/default/shop-token; ls /etc/ssl/private/shop.key").count("No such file") == 2
    assert pair.on_twin("getent shadow alice").split(":")[1] in ("!", "*", "x"), "no password lets in"


def documents():
    """Every record, delta and state of the store, and every content, as bytes, unpacked."""
    with sqlite3.connect(f"file:{STORE}/store.sqlite?mode=ro", uri=True) as store:
        for key, value in store.execute("SELECT key, value FROM entry").fetchall():
            yield zlib.decompress(value[1:]) if key.startswith("delta/") and value[:1] == b"=" else value
    for path in pathlib.Path(STORE, "documents").rglob("*"):
        if path.is_file():
            yield zlib.decompress(path.read_bytes())
    for path in pathlib.Path(STORE, "blobs").rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def test_odd_names_arrive_byte_for_byte_and_none_is_obeyed(pair):
    names = base64.b64decode(pair.both(ODD_NAMES).split("\n\n")[0].replace("\n", "") + "==")[:400]
    for name in (b"with space.conf", b"{{ x }}.conf", b"$(touch canary).conf", b"latin\xe9.conf", b"two\nlines.conf"):
        assert name in names
    assert pair.both("find / -xdev -name canary 2>/dev/null") == ""
    assert not list(pathlib.Path(STORE).rglob("canary"))


FORGED = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
    caller.bind(("{forged}", 0))
    caller.sendto(b"x", ("{hypervisor}", 9))
"""


def test_the_twin_reaches_no_service_of_the_hypervisor_and_forges_no_address(pair):
    hypervisor = pair.on_twin("echo ${SSH_CONNECTION%% *}")
    with socket.create_server(("0.0.0.0", 0)) as service:
        port = service.getsockname()[1]
        socket.create_connection((hypervisor, port), timeout=5).close()
        assert pair.on_twin(f"timeout 5 bash -c '</dev/tcp/{hypervisor}/{port}' 2>/dev/null && echo open || echo closed") == "closed"
    forged = hypervisor.rpartition(".")[0] + ".250"
    link = pair.on_twin("basename $(ip -o -4 route show scope link | sed 's/.* dev \\([^ ]*\\) .*/\\1/')")
    pair.on_twin(f"ip address add {forged}/24 dev {link}; python3 -c {shlex.quote(FORGED.format(forged=forged, hypervisor=hypervisor))}")
    time.sleep(1)  # what would have come is there by then
    known = subprocess.run(["ip", "neighbour", "show", forged], capture_output=True, check=True).stdout
    pair.on_twin(f"ip address delete {forged}/24 dev {link}")
    assert known == b"", "no frame with that address came through"


def test_a_plan_is_refused_by_the_host_and_by_a_twin_it_is_not_for(pair):
    path = "/etc/safetytwin-was-here"
    step = plans.step("files", path, {"type": "file", "digest": plans.digest(b"x"), "size": 1, "mode": "0644", "owner": "root", "group": "root"})
    call = "cd / && PYTHONPATH=$(ls -dt /var/lib/safetytwin/runtime/[0-9a-f]* | head -n 1) python3 -m safetytwin._apply"
    for where in (pair.lab("host", "exec", pair.host, "--", "sh", "-c", call), pair.twin_ssh(call)):
        done = subprocess.run(where, input=plans.request([step], [b"x"]), capture_output=True, check=False)
        assert done.returncode == 1 and done.stdout.startswith(b"safetytwin:"), done.stderr
        answer = zlib.decompress(base64.b64decode(done.stdout.split(b":", 1)[1])).decode()
        assert '"kind": "refused"' in answer and "Nothing was changed" in answer
    assert "No such file" in pair.both(f"stat {path}")
