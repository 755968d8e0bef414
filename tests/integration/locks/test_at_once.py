# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that change twins at the same moment, as processes on a real libvirt. The twins are made and never started."""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
NETWORK = "stwlocks"
HOSTS = ("it-locks-a", "it-locks-b")


@pytest.fixture(name="place", scope="module")
def fixture_place():
    """A directory for an image and twins that QEMU can pass, and the collection to import."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="safetytwin-locks-", dir="/var/tmp"))
    place.chmod(0o755)
    (place / "collections/ansible_collections/safetytwin").mkdir(parents=True)
    (place / "collections/ansible_collections/safetytwin/twin").symlink_to(ROOT)
    image = place / "image/disk.qcow2"
    image.parent.mkdir()
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "64M"], check=True)
    yield place
    shutil.rmtree(place)


@pytest.fixture(name="at_once")
def fixture_at_once(place):
    """A function that starts a task for each dict of options, all at once, and returns their results."""
    def at_once(*tasks):
        return [_result(each) for each in [_started(place, task) for task in tasks]]

    yield at_once
    for host in HOSTS:
        at_once(*({"host": host, "twin": twin, "state": "absent"} for twin in ("twin-" + host, host + "-1", host + "-2")))


def _started(place, task):
    options = {"directory": str(place), "image": str(place / "image"), "network": NETWORK, "subnet": "10.62.24.0/24", "accel": "tcg",
               "machine_id": "0123456789abcdef0123456789abcdef", "state": "stopped", "memory": 128, **task}
    environment = {**os.environ, "PYTHONPATH": str(place / "collections")}
    process = subprocess.Popen(
        [sys.executable, "-m", "ansible_collections.safetytwin.twin.plugins.modules.libvirt_twin"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": options}))
    process.stdin.close()
    process.stdin = None
    return process


def _result(process):
    out, err = process.communicate(timeout=240)
    assert out, err
    return json.loads(out)


def test_first_syncs_at_once_make_one_twin(at_once):
    results = at_once(*[{"host": HOSTS[0]}] * 3)
    assert [each.get("msg") for each in results] == [None] * 3
    assert sorted(each["changed"] for each in results) == [False, False, True]
    assert len({each["uuid"] for each in results}) == 1
    directory = pathlib.Path(results[0]["directory"])
    assert [each.name for each in directory.glob("layer-*")] == ["layer-0000.qcow2"]


def test_a_change_of_a_disk_limit_waits_for_the_next_boot_of_a_running_twin(at_once):
    made = at_once({"host": HOSTS[0], "state": "paused"})[0]
    assert (made.get("msg"), made["disk_rate"], made["disk_iops"]) == (None, 200, 10000)
    changed = at_once({"host": HOSTS[0], "state": "paused", "disk_rate": 50, "disk_iops": 0})[0]
    assert (changed["disk_rate"], changed["disk_iops"], changed["next_boot"]) == (50, 0, ["disk_iops", "disk_rate"])
    assert not at_once({"host": HOSTS[0], "state": "paused"})[0]["changed"]
    at_once({"host": HOSTS[0], "state": "stopped", "shutdown_timeout": 0})
    assert at_once({"host": HOSTS[0], "state": "paused"})[0]["next_boot"] == []


def test_a_host_has_one_follower_whichever_is_made_first(at_once):
    results = at_once(*({"host": HOSTS[0], "twin": "%s-%d" % (HOSTS[0], number), "follows": True} for number in (1, 2)))
    assert sorted(each.get("failed", False) for each in results) == [False, True]
    assert any("follows host %s already" % HOSTS[0] in each.get("msg", "") for each in results)


def test_the_last_twin_of_a_network_goes_while_another_comes(at_once):
    assert not at_once({"host": HOSTS[0]})[0].get("failed")
    gone, come = HOSTS
    for _turn in range(4):
        results = at_once({"host": gone, "state": "absent"}, {"host": come})
        assert [each.get("msg") for each in results] == [None, None]
        leases = subprocess.run(["virsh", "-c", "qemu:///system", "net-dumpxml", NETWORK], check=True, stdout=subprocess.PIPE, text=True).stdout
        assert "twin-" + come in leases and "twin-" + gone not in leases
        gone, come = come, gone


def test_snapshots_at_once_are_one_snapshot(at_once):
    assert not at_once({"host": HOSTS[0]})[0].get("failed")
    results = at_once(*[{"host": HOSTS[0], "snapshot": {"name": "before"}}] * 3)
    assert [each.get("msg") for each in results] == [None] * 3
    assert sorted(each["changed"] for each in results) == [False, False, True]
    assert {tuple(one["name"] for one in each["snapshots"]) for each in results} == {("before",)}
