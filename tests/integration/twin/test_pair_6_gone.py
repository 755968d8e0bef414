# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin is rebooted, switched off or deleted by others: after the next sync it exists, runs and equals its host."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
from following import STORE, until

from labkit.pair import ROOT

BOOT = "cat /proc/sys/kernel/random/boot_id"
# What plain tools say of everything the demo's host is for; whatever the twin lost has to be here again.
WHOLE = (
    "dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n' nginx redis-server cron tree; getent passwd alice shopd; id -Gn alice | xargs -n1 | sort; "
    "systemctl show nginx shopd cron shop-report.timer echo-hello.socket logrotate.timer -p Id -p ActiveState -p UnitFileState -p LoadState; "
    "sha256sum /etc/nginx/sites-available/shop /etc/default/shopd /usr/local/bin/shopd /etc/shop-gone; stat -c '%n %a %U %G' /etc/shop-gone"
)


def virsh(*words):
    subprocess.run(["virsh", "-q", "-c", "qemu:///system", *words], check=True, timeout=60)


def rebooted(pair):
    """Somebody works in the twin and reboots it."""
    pair.on_twin("echo '# by hand' >> /etc/default/shopd; systemctl -q disable cron")
    boot = pair.on_twin(BOOT)
    pair.on_twin("systemctl reboot")
    until(lambda: pair.on_twin(BOOT).count("-") == 4 and pair.on_twin(BOOT) != boot, "the twin came back", 240)


def switched_off(pair):
    virsh("destroy", pair.domain)


def undefined(pair):
    virsh("destroy", pair.domain)
    virsh("undefine", pair.domain)


def thrown_away(pair):
    """Delete the twin's definition, disk and keys; only the record is left."""
    undefined(pair)
    shutil.rmtree(pathlib.Path(STORE, "twins", pair.domain))


# A host and a second twin of it, as its syncs would have recorded them.
RECORD = """
from module_utils._store.records import open_store
with open_store() as store:
    store.take("spare", {"format": 1, "machine": {"machine_id": "m"}, "scopes": {}}, "d")
    store.adopt("rehearsal", "spare", follows=False)
"""
FORGOTTEN = "from module_utils._store.records import open_store\nwith open_store() as store: assert not store.twins('spare') and not store.host('spare')"


def test_uninstall_finds_a_twin_by_its_record_alone(pair):
    def python(code):
        subprocess.run(["/usr/bin/python3", "-c", code], check=True, env=dict(os.environ, PYTHONPATH=str(ROOT / "plugins")))

    pair.write_inventory({"spare": pair.variables()})
    directory = pathlib.Path(STORE, "twins", "rehearsal")
    try:
        python(RECORD)
        directory.mkdir()
        (directory / "id_ed25519").touch()
        pair.done(pair.play("uninstall", "--limit", "spare"))
        assert not directory.exists()
        python(FORGOTTEN)
    finally:
        pair.write_inventory()
        shutil.rmtree(directory, ignore_errors=True)
    assert "unchanged" in pair.synced(), "the other twin follows as before"


SAMPLE = (rebooted, thrown_away)
TROUBLES = [pytest.param(each, marks=() if each in SAMPLE else pytest.mark.exhaustive) for each in (rebooted, switched_off, undefined, thrown_away)]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_twin_is_back_after_one_sync(pair, trouble):
    """The host changes meanwhile; nothing tells the sync what happened."""
    trouble(pair)
    pair.change(f"echo {trouble.__name__} > /etc/shop-gone; chmod 0640 /etc/shop-gone; chgrp shop /etc/shop-gone")
    ran = pair.sync(timeout=900)
    assert ran.rc == 0, ran.said
    assert "Traceback" not in ran.said
    assert pair.both("cat /etc/shop-gone") == trouble.__name__
    assert "No such file" not in pair.both(WHOLE)
    assert "unchanged" in pair.synced()
