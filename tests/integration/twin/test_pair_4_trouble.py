# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin is changed or stopped by others, or a host does not answer: the next sync corrects it, and no host waits for another."""
from __future__ import annotations

import json
import subprocess
import time

import pytest
from following import STORE, refused, until

SHOP = "sha256sum /etc/nginx/sites-available/shop /etc/default/shopd; systemctl is-active nginx shopd cron; stat -c %n /etc/shop.d/calm 2>&1"
VERIFY = ("-e", '{"twin_verify": true}')
REPAIR = ("-e", '{"twin_verify": true, "twin_resume": true}')


@pytest.fixture
def hands_off(pair):
    """A pair that agrees before and after."""
    was = pair.both(SHOP)
    yield pair
    host, twin = pair.on_host(SHOP), pair.on_twin(SHOP)
    if twin != was:
        pair.synced(*REPAIR)  # what failed here is no trouble of the tests that follow
    assert (host, twin) == (was, was)


def edited(pair):
    """The twin as somebody leaves it who works in it: a file edited, one made, a unit stopped, one killed."""
    pair.on_twin("echo '# by hand' >> /etc/nginx/sites-available/shop; echo by hand > /etc/shop.d/calm; systemctl stop shopd")
    pair.on_twin("systemctl kill --signal=KILL nginx; systemctl reset-failed nginx")
    until(lambda: "active" not in pair.on_twin("systemctl is-active nginx shopd").split(), "both units were down")
    return pair.on_twin(SHOP)


def test_a_twin_edited_by_hand_is_found_and_corrected(hands_off):
    edited(hands_off)
    assert "changes (" in hands_off.synced(*VERIFY)


def test_check_mode_says_what_the_real_run_does_and_leaves_all_as_it_is(hands_off):
    theirs = edited(hands_off)
    planned = hands_off.report(*VERIFY, "--check")
    assert planned["changed"] and hands_off.on_twin(SHOP) == theirs
    assert "unchanged" in hands_off.synced("--check"), "what is recorded is as before"
    assert hands_off.report(*VERIFY)["changes"] == planned["changes"]


def test_differences_are_shown_before_and_after(hands_off):
    hands_off.on_host("chmod 0600 /etc/shop-diff || touch /etc/shop-diff; groupadd -g 4711 shopdiff")
    shown = hands_off.synced("--check", "--diff")
    assert "+++ after: accounts group:shopdiff" in shown and "+gid: 4711" in shown, shown
    assert "No such file" in hands_off.on_twin("ls /etc/shop-diff")
    hands_off.on_host("rm /etc/shop-diff; groupdel shopdiff")


def test_a_role_of_one_scope_brings_that_alone(hands_off, tmp_path):
    """What was recorded while the twin was paused comes scope by scope."""
    book = tmp_path / "book.yml"
    book.write_text(json.dumps([{"hosts": hands_off.host, "gather_facts": False, "roles": [{"role": "safetytwin.twin.accounts"}]}]))
    hands_off.done(hands_off.play("pause", "-e", "twin_id=" + hands_off.domain))
    hands_off.on_host("echo 'B=1' >> /etc/default/shop-drift; groupadd -g 4711 shoprole")
    hands_off.synced()
    hands_off.done(hands_off.play("resume", "-e", "twin_id=" + hands_off.domain))
    assert "group:shoprole" in hands_off.done(hands_off.tool("ansible-playbook", str(book)))
    assert "shoprole" in hands_off.both("getent group shoprole")
    assert "No such file" in hands_off.on_twin("cat /etc/default/shop-drift")
    hands_off.synced()
    assert hands_off.both("cat /etc/default/shop-drift") == "B=1"
    hands_off.on_host("rm /etc/default/shop-drift; groupdel shoprole")
    hands_off.synced()


def test_drift_may_be_reported_only(hands_off):
    theirs = edited(hands_off)
    hands_off.synced(*VERIFY, "-e", "twin_drift=report")
    assert hands_off.on_twin(SHOP) == theirs
    assert "It was changed in the twin" in hands_off.done(hands_off.play("status"))
    hands_off.on_host("echo 'B=1' >> /etc/default/shop-drift")
    hands_off.synced("-e", "twin_drift=report")
    assert hands_off.both("cat /etc/default/shop-drift") == "B=1", "what the host changes still arrives"
    assert hands_off.on_twin(SHOP) == theirs
    hands_off.on_host("rm /etc/default/shop-drift")
    hands_off.synced(*VERIFY)


def test_drift_may_pause_the_twin(hands_off):
    theirs = edited(hands_off)
    pause = ("-e", "twin_drift=pause")
    assert "Changes were made in the twin" in hands_off.synced(*VERIFY, *pause)
    hands_off.on_host("echo 'B=1' >> /etc/default/shop-drift")
    assert "paused" in hands_off.synced(*pause)
    assert hands_off.on_twin(SHOP) == theirs
    assert "No such file" in hands_off.on_twin("cat /etc/default/shop-drift")
    assert "paused" in hands_off.done(hands_off.play("status"))
    hands_off.done(hands_off.play("resume"))
    hands_off.synced(*pause)
    assert hands_off.both("cat /etc/default/shop-drift") == "B=1"
    hands_off.on_host("rm /etc/default/shop-drift")
    hands_off.synced(*pause)


@pytest.fixture
def others(pair):
    """Two more members of the inventory beside one that nobody has: one frozen before the login, one that hangs after it."""
    servers = {"frozen": 2201, "stuck": 2202}
    for name, port in servers.items():
        pair.on_host(f"/usr/sbin/sshd -p {port} -o PidFile=/run/{name}.pid -o ForceCommand='sleep 90' -E /run/{name}.log")
        until(lambda name=name: pair.on_host(f"cat /run/{name}.pid").isdigit(), "sshd ran")
    pair.on_host("kill -STOP $(cat /run/frozen.pid)")
    own = pair.variables()
    address = own["ansible_host"]
    alias = f"{own['ansible_ssh_common_args']} -o HostKeyAlias={address}"
    more = {name: dict(own, ansible_port=port, ansible_ssh_common_args=alias) for name, port in servers.items()}
    more["gone"] = dict(own, ansible_host=address.rsplit(".", 1)[0] + ".251")
    pair.write_inventory(more)
    yield pair
    pair.write_inventory()
    pair.on_host("for name in frozen stuck; do kill -CONT $(cat /run/$name.pid); kill $(cat /run/$name.pid); done; rm -f /run/frozen.* /run/stuck.*")


def test_hosts_that_do_not_answer_delay_no_other(others):
    others.on_host("echo 'B=1' >> /etc/default/shop-drift")
    begun = time.monotonic()
    with subprocess.Popen(
        others.play("sync", "-e", "twin_harvest_timeout=20"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=others.environment, text=True,
    ) as process:
        lines = [(time.monotonic() - begun, line) for line in process.stdout]
    when = next(seconds for seconds, line in lines if line.startswith("it1  r"))
    said = "".join(line for _seconds, line in lines)
    assert process.returncode != 0, said
    assert when < lines[-1][0] - 3, said
    for name in ("gone", "frozen", "stuck"):
        assert sum(line.startswith(name + "  ") for _seconds, line in lines) == 1, said
    assert "Traceback" not in said
    assert others.both("cat /etc/default/shop-drift") == "B=1"
    others.on_host("rm /etc/default/shop-drift")
    ran = others.sync("--limit", "it1")
    assert ran.rc == 0 and "gone" not in ran.said + "frozen", ran.said
    refused(others.sync("--limit", "gone"), "gone UNREACHABLE")


def test_a_twin_that_stands_still_goes_on(hands_off):
    boot = hands_off.on_twin("cat /proc/sys/kernel/random/boot_id")
    subprocess.run(["virsh", "-q", "-c", "qemu:///system", "suspend", hands_off.domain], check=True)
    hands_off.on_host("echo C=1 >> /etc/default/shopd && systemctl restart shopd")
    hands_off.synced()
    assert hands_off.on_twin("cat /proc/sys/kernel/random/boot_id") == boot
    assert "C=1" in hands_off.both("cat /etc/default/shopd")
    hands_off.on_host("sed -i /C=1/d /etc/default/shopd && systemctl restart shopd")
    hands_off.synced()


@pytest.mark.parametrize("damage", [
    "truncate -s 0 {0}",
    *(pytest.param(damage, marks=pytest.mark.exhaustive) for damage in ("truncate -s 3 {0}", "sed -i s/./x/ {0}", "rm {0}", "rm {0} && mkdir {0}")),
])
def test_a_damaged_content_in_the_store_is_requested_from_the_host_again(hands_off, damage):
    name = hands_off.on_host("sha256sum /etc/default/shopd").split()[0]
    subprocess.run(["sh", "-ec", damage.format(f"{STORE}/blobs/{name[:2]}/{name}")], check=True)
    hands_off.on_twin("rm /etc/default/shopd")
    assert "Its content has not arrived yet" in hands_off.synced(*VERIFY)
    hands_off.synced()
    assert name in hands_off.both("sha256sum /etc/default/shopd")
    assert "unchanged" in hands_off.synced()


def machine(pair, **options):
    """Run libvirt_twin for the twin; it has to succeed."""
    words = json.dumps({"host": pair.host, **options})
    pair.done(pair.tool("ansible", "localhost", "-m", "safetytwin.twin.libvirt_twin", "-a", words, "-e", "ansible_python_interpreter=/usr/bin/python3"))


def test_a_sync_after_a_revert_reads_the_whole_twin(hands_off):
    machine(hands_off, snapshot={"name": "before"})
    hands_off.on_host("echo 'B=1' >> /etc/default/shop-drift")
    hands_off.synced()
    machine(hands_off, snapshot={"name": "before", "state": "reverted"})
    assert "unchanged" not in hands_off.synced()
    assert hands_off.both("cat /etc/default/shop-drift") == "B=1"
    machine(hands_off, snapshot={"name": "before", "state": "absent"})
    hands_off.on_host("rm /etc/default/shop-drift")
    hands_off.synced()


def test_a_twin_that_cannot_be_reached_is_said_and_its_ssh_is_restored(hands_off):
    """Its ssh is stopped from within, and whoever was in has left; the guest agent is the way in that remains."""
    hands_off.on_twin("systemctl stop safetytwin-ssh.service")
    subprocess.run(["ssh", "-O", "exit", *hands_off.twin_ssh()[1:]], check=True, capture_output=True)
    hands_off.on_host("echo 'B=1' >> /etc/default/shop-drift")
    ran = hands_off.sync("-e", "twin_patience=5", "-e", "twin_unresponsive=report")
    refused(ran, "does not answer on ssh", f"virsh console {hands_off.domain}")
    assert "did not answer the last sync" in hands_off.done(hands_off.play("status"))
    assert "recovered: " in hands_off.synced(), "by the guest agent, or by a reset"
    assert hands_off.both("cat /etc/default/shop-drift") == "B=1"
    hands_off.on_host("rm /etc/default/shop-drift")
    hands_off.synced()
