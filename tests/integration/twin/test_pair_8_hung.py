# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin's QEMU is killed or stopped, or its network is changed from inside: the next sync restores it and reports how."""
from __future__ import annotations

import pathlib
import signal
import subprocess
import time

import psutil
import pytest
from following import until

SLOW = """cat > /etc/systemd/system/shop-slow.service <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sleep 15
END
systemctl daemon-reload; systemctl start shop-slow
"""
# The one link of a twin; the ssh that runs this ends before it does.
FROM_INSIDE = "nohup sh -c 'sleep 2; link=$(basename $(dirname /sys/class/net/*/device)); %s' >/dev/null 2>&1 </dev/null &"
OTHER_MAC = 'ip link set dev "$link" down; ip link set dev "$link" address 52:54:00:99:88:77; ip link set dev "$link" up'

OTHER_ADDRESS = 'ip address flush dev "$link"; ip address add 10.250.250.250/24 dev "$link"'
REPAIRED = "recovered: network of the twin set up again by its guest agent"

# The kernel of the next two boots panics early, and neither its console nor its guest agent says anything after that.
PANIC_TWICE = """echo 2 > /etc/panics; cat > /etc/systemd/system/panics.service <<'END'
[Unit]
DefaultDependencies=no
Before=sysinit.target
After=systemd-remount-fs.service
ConditionPathExists=/etc/panics
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'read left < /etc/panics; if [ $left = 2 ]; then echo 1 > /etc/panics; else rm /etc/panics; fi; sync; echo c > /proc/sysrq-trigger'
END
mkdir -p /etc/systemd/system/sysinit.target.wants
ln -s /etc/systemd/system/panics.service /etc/systemd/system/sysinit.target.wants; sync
"""


def qemu(pair):
    return psutil.Process(int(pathlib.Path("/run/libvirt/qemu", pair.domain + ".pid").read_text(encoding="ascii")))


def arrived(pair, text, ran):
    """Check that a sync succeeded and applied a change of the host, although the twin did not answer before."""
    assert ran.rc == 0, ran.said
    assert "Traceback" not in ran.said
    assert pair.both("cat /etc/shop-hung") == text


def test_a_twin_whose_qemu_is_killed_in_the_middle_of_an_apply_is_there_after_the_same_sync(pair):
    pair.change(f"echo killed > /etc/shop-hung; {SLOW}")
    with subprocess.Popen(
        pair.play("sync"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=pair.environment, text=True,
    ) as process:
        until(lambda: "activating" in pair.on_twin("systemctl is-active shop-slow"), "the twin was in the middle of an apply", 120)
        qemu(pair).kill()
        said = process.stdout.read()
    assert process.returncode == 0, said
    assert "recovered: twin started: it was" in said
    assert pair.both("cat /etc/shop-hung; systemctl is-active shop-slow") == "killed\nactive"
    assert "unchanged" in pair.synced()
    pair.change("systemctl stop shop-slow; rm /etc/systemd/system/shop-slow.service; systemctl daemon-reload")
    pair.synced()


@pytest.mark.exhaustive
def test_a_twin_whose_qemu_is_stopped_is_reset(pair):
    qemu(pair).send_signal(signal.SIGSTOP)
    pair.change("echo stopped > /etc/shop-hung")
    assert "is running at" in pair.done(pair.play("status")), "what asks libvirt is answered meanwhile"
    ran = pair.sync(timeout=900)
    arrived(pair, "stopped", ran)
    assert "recovered: twin reset: it ran but did not answer for" in ran.said
    assert "recovered" not in pair.synced()


@pytest.mark.exhaustive
def test_a_twin_whose_mac_address_was_changed_from_inside_follows_again(pair):
    pair.on_twin(FROM_INSIDE % OTHER_MAC)
    time.sleep(5)  # nothing from outside can tell when it is done
    pair.change("echo mac > /etc/shop-hung")
    ran = pair.sync(timeout=900)
    arrived(pair, "mac", ran)
    assert REPAIRED in ran.said


@pytest.mark.exhaustive
def test_a_twin_whose_address_was_changed_from_inside_follows_again(pair):
    pair.on_twin(FROM_INSIDE % OTHER_ADDRESS)
    time.sleep(5)  # nothing from outside can tell when it is done
    pair.change("echo address > /etc/shop-hung")
    ran = pair.sync(timeout=900)
    arrived(pair, "address", ran)
    assert REPAIRED in ran.said
    assert "unchanged" in pair.synced()
    pair.change("rm /etc/shop-hung")
    pair.synced()


@pytest.mark.exhaustive
def test_a_twin_that_stalls_at_two_boots_is_reset_twice_the_second_time_with_one_processor(pair):
    pair.on_twin(PANIC_TWICE)
    qemu(pair).kill()
    pair.change("echo stalled > /etc/shop-hung")
    ran = pair.sync(timeout=1200)
    arrived(pair, "stalled", ran)
    assert "recovered: twin started: it was" in ran.said and "twin reset: it ran but did not answer for" in ran.said
    assert "twin reset, with one virtual CPU until it is started next: it ran but did not answer for" in ran.said
    assert pair.on_twin("nproc; ls /etc/panics /etc/systemd/system/panics.service 2>&1 | grep -c 'No such file'") == "1\n2"
    pair.change("rm /etc/shop-hung")
    assert "recovered" not in pair.synced()
