# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sync is killed at different times: the next one completes its changes."""
from __future__ import annotations

import subprocess
import time

import psutil
import pytest

PROBE = (
    "cat /etc/default/shop-kill; systemctl show shop-kill.service -p ActiveState -p UnitFileState; getent group killers; "
    "tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID shop-kill)/environ | grep ^TURN"
)
UNIT = """cat > /etc/systemd/system/shop-kill.service <<'END'
[Service]
EnvironmentFile=/etc/default/shop-kill
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
"""
SAMPLE = (2, 5, 8)  # in the middle of the cycle's stages
# Parts of a cycle's length.
POINTS = [pytest.param(0.05 + 0.1 * number, marks=() if number in SAMPLE else pytest.mark.exhaustive) for number in range(10)]


def pending(pair, turn):
    """One change of files, units and accounts on the host."""
    pair.change(
        f"{UNIT} groupdel -f killers 2>/dev/null || true; groupadd --gid {5000 + turn} killers; echo TURN={turn} > /etc/default/shop-kill; "
        "systemctl daemon-reload; systemctl -q enable shop-kill; systemctl restart shop-kill"
    )


@pytest.fixture(scope="module")
def length(pair):
    """Seconds that the same change takes in a complete sync on this machine."""
    pending(pair, 98)
    pair.synced()
    pending(pair, 99)
    return pair.sync().seconds


@pytest.mark.parametrize("part", POINTS, ids=lambda part: f"{part:.0%}")
def test_a_killed_sync_is_finished_by_the_next(pair, length, part):
    turn = round(part * 100)
    pending(pair, turn)
    kill_after(pair, part * length)
    pair.synced()
    assert f"TURN={turn}" in pair.both(PROBE).splitlines()[-1]
    assert f"killers:x:{5000 + turn}:" in pair.both(PROBE)


def kill_after(pair, seconds):
    """Start a sync and kill it with all its processes on this machine, Ansible's workers included, which have sessions of their own."""
    with subprocess.Popen(pair.play("sync"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=pair.environment) as process:
        time.sleep(seconds)  # the point itself, not a wait for anything
        sync = psutil.Process(process.pid)
        family = [sync, *sync.children(recursive=True)]
        for each in family:
            each.suspend()
        family += [each for each in sync.children(recursive=True) if each not in family]
        for each in family:
            each.kill()
