# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests a machine that is host, hypervisor and controller without an inventory: its twin follows by the timer and lacks the hypervisor's own software."""
from __future__ import annotations

import os
import re
import statistics
import time

import pytest
from machine import CHANGES, CHANNEL, DOMAIN, PERIOD, SERVICE, TIMER, Ticks

# `make prove PART=allinone` follows for ten minutes.
SOAK = int(os.environ.get("SAFETYTWIN_SOAK", "30"))

# What makes the machine a hypervisor and a controller, as plain tools see it.
OURS = {
    "packages": "dpkg-query -W -f '${Package}\\n' | grep -E '^(libvirt|python3-libvirt|qemu-|ansible|mmdebstrap)' | grep -v qemu-guest-agent",
    "units": "systemctl list-unit-files --no-legend --no-pager | grep -E '^(libvirt|virt(log|lock)d|safetytwin-(sync|channel))'",
    "files": "find /etc | grep -E 'libvirt|/qemu/|safetytwin-sync|safetytwin/options' | grep -vE 'qemu-ga|fsfreeze-hook'",
    "accounts": "getent passwd | grep -E '^libvirt'",
}


def test_second_sync_changes_nothing(allinone):
    assert "changes" in allinone.first
    assert "  unchanged" in allinone.play("sync")


def test_options_given_to_install_hold_in_a_sync_that_was_given_none(allinone):
    assert "Max memory:     1048576 KiB" in allinone.shell(f"virsh dominfo {DOMAIN}")


def test_status_is_one_screen(allinone):
    said = allinone.play("status")
    assert f"{DOMAIN} is running" in said
    assert "items that differ from the host's" in said


@pytest.mark.parametrize("what", OURS)
def test_nothing_of_ours_is_in_the_twin(allinone, what):
    assert allinone.ask(OURS[what])[1]
    assert allinone.twin(OURS[what]) == ""


def test_every_left_out_item_has_a_reason(allinone):
    said = allinone.play("status")
    assert re.search(r"by reason: .*\bsafetytwin_self [1-9]", said), said
    assert "100.0 % reproduced or explained" in said


def test_install_starts_the_timer_and_keeps_the_options(allinone):
    allinone.play("install")
    assert allinone.shell(f"systemctl is-enabled {TIMER}; systemctl is-active {TIMER}").split() == ["enabled", "active"]
    assert "twin_memory_mib" in allinone.shell("cat /etc/safetytwin/options.yml")


def test_install_opens_no_port(allinone):
    assert allinone.ask("ss -Hltn | grep -vE '127.0.0.1|:22 '")[1] == ""


def test_a_second_install_changes_nothing(allinone):
    assert "changed=0 " in allinone.play("install")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.title.replace(" ", "-"))
def test_changes_arrive_by_the_timer_alone(allinone, change):
    mark = allinone.cursor()
    assert allinone.make(change, 1) is not None, allinone.told(mark)


def test_the_journal_contains_only_changes(allinone):
    mark, ticks = allinone.cursor(), Ticks(allinone)
    allinone.shell("echo told > /etc/told")
    assert allinone.follows("cat /etc/told") is not None
    # The cycle that brought it ends with its line.
    assert ticks.until(2, 60)
    assert "files /etc/told" in allinone.told(mark)
    mark, ticks = allinone.cursor(), Ticks(allinone)
    assert ticks.until(3, 90), "the timer does not tick"
    assert allinone.told(mark) == ""
    assert not ticks.failed


def test_channel_outlives_the_cycles(allinone):
    before = allinone.properties(CHANNEL, "ActiveState", "MainPID", "ControlGroup")
    assert before["ActiveState"] == "active"
    assert SERVICE not in before["ControlGroup"]
    assert Ticks(allinone).until(2, 60)
    assert allinone.properties(CHANNEL, "ActiveState", "MainPID", "ControlGroup") == before


def test_follows_for_a_while(allinone, record_testsuite_property):
    """Changes go on while the timer ticks; what came of it are the figures of the proof."""
    begun, arrived = time.monotonic(), []
    with Ticks(allinone).watched() as ticks:
        while time.monotonic() - begun < SOAK:
            change = CHANGES[len(arrived) % len(CHANGES)]
            arrived.append(allinone.make(change, 2 + len(arrived) // len(CHANGES)))
            assert arrived[-1] is not None, f"{change.title}: it did not arrive. {allinone.told(ticks.cursor)}"
        lasted = time.monotonic() - begun
    due, began = int(lasted / PERIOD), len(ticks.seen) - 1
    figures = {
        "followed, seconds": round(lasted),
        "ticks of the timer": due,
        "cycles begun": began,
        "ticks missed, since the cycle before still ran": max(0, due - began),
        "cycles failed": len(ticks.failed),
        "changes made": len(arrived),
        "changes arrived": len(arrived),
        "seconds from a change to the twin's same answer: median": f"{statistics.median(arrived):.1f}",
        "seconds from a change to the twin's same answer: most": f"{max(arrived):.1f}",
    }
    for name, value in figures.items():
        record_testsuite_property(name, value)
    assert not ticks.failed
    assert began >= due / 2, figures


def test_uninstall_leaves_nothing_of_ours(allinone):
    allinone.play("uninstall")
    assert allinone.shell("virsh list --all --name") == ""
    assert allinone.shell("virsh net-list --all --name").split() == ["default"]
    # The channel ends when the twin has not answered for 15 s.
    assert allinone.becomes("systemctl list-units --all --no-legend 'safetytwin-*'; systemctl list-unit-files --no-legend 'safetytwin-*'", "", 40)
    # Images and package files stay for the next twin.
    left = set(allinone.shell("ls -A /var/lib/safetytwin; ls -d /etc/safetytwin /run/safetytwin 2>/dev/null || true").split())
    assert left <= {"accel.json", "images", "packages"}
    assert allinone.shell("nginx -t 2>&1; systemctl is-active nginx notesd").endswith("active\nactive")
