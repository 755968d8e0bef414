# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes on the host reach the twin in one sync: those of the demo, and some that can be reproduced only in part."""
from __future__ import annotations

import threading

import pytest
from changes import CHANGES
from following import until

UNIT = "/etc/systemd/system/"
# A unit that writes down each of its starts.
ONCE = """cat > /etc/systemd/system/shop-once.service <<'END'
[Service]
EnvironmentFile=/etc/default/shop-once
ExecStartPre=+/bin/sh -c "echo >> /var/log/shop-once"
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
END
echo A=1 > /etc/default/shop-once && systemctl daemon-reload && systemctl -q enable --now shop-once.service"""


@pytest.mark.parametrize("change", CHANGES, ids=[change.title.replace(" ", "-") for change in CHANGES])
def test_a_change_arrives_within_one_sync(pair, change):
    before = pair.on_host(change.probe)
    pair.change(change.change)
    pair.synced()
    assert pair.both(change.probe) != before


def test_what_cannot_be_had_whole_stops_nothing(pair):
    """A version that no repository has, and a unit that fails on the host: one sync, two verdicts, and then peace."""
    pair.change(
        "mkdir -p /run/deb/DEBIAN /run/deb/usr/share/doc/local-only && cd /run && printf 'Package: local-only\\nVersion: 9.9-local\\nArchitecture: all\\n"
        "Maintainer: nobody <nobody@example.org>\\nDescription: of no repository\\n' > deb/DEBIAN/control && dpkg-deb -b deb local-only.deb >/dev/null && "
        "dpkg -i local-only.deb >/dev/null && apt-get update -qq && apt-get download -q bc && dpkg-deb -R bc_*.deb bc && "
        "sed -i 's/^Version:.*/Version: 9.9-local/' bc/DEBIAN/control && dpkg-deb -b bc bc-local.deb >/dev/null && dpkg -i bc-local.deb >/dev/null"
    )
    pair.change(
        f"printf '[Service]\\nExecStart=/bin/false\\n[Install]\\nWantedBy=multi-user.target\\n' > {UNIT}shop-broken.service && "
        "systemctl daemon-reload && systemctl -q enable --now shop-broken.service"
    )
    until(lambda: "failed" in pair.on_host("systemctl is-active shop-broken.service"), "the unit failed on the host")
    assert pair.on_host("dpkg-query -W -f '${Version}' bc") == "9.9-local", "the host has it"
    report = pair.report()
    failures = "\n".join(report["failures"])
    assert "packages local-only:all: No repository of the host has this package." in failures
    assert "packages bc:" in failures and "No repository of the host has this version any more." in failures
    assert "shop-broken" not in failures, "what fails on both is faithful"
    assert pair.on_twin("dpkg-query -W -f '${Status}' bc") == "install ok installed", "the nearest version is there"
    assert pair.on_twin("dpkg-query -W -f '${Version}' bc") != "9.9-local"
    assert pair.both("systemctl is-active shop-broken.service; systemctl is-enabled shop-broken.service") == "failed\nenabled"
    assert "unchanged" in pair.synced()
    assert "No repository of the host" in pair.done(pair.play("status"))
    pair.change("dpkg --purge bc local-only >/dev/null")


def test_files_that_come_and_go_while_they_are_read(pair):
    """A harvest of a tree in motion is no failure, and the next one over a tree at rest is true."""
    ends = threading.Event()
    storm = "mkdir -p /etc/shop.d/storm && cd /etc/shop.d/storm && for i in $(seq 400); do echo $i > f$i; done && rm -f f* && echo calm > calm"

    def blow():
        while not ends.is_set():
            pair.on_host(storm)

    wind = threading.Thread(target=blow)
    wind.start()
    try:
        for _sync in range(2):
            pair.synced()
    finally:
        ends.set()
        wind.join()
    pair.synced()
    assert pair.both("cd /etc/shop.d/storm && ls && cat calm") == "calm\ncalm"


def test_two_syncs_at_once_are_one(pair):
    """Both end well, and what had to restart restarted once."""
    pair.change(ONCE)
    pair.synced()
    starts = int(pair.on_twin("wc -l < /var/log/shop-once"))
    pair.on_host("echo A=2 > /etc/default/shop-once && systemctl restart shop-once.service")
    others = []
    other = threading.Thread(target=lambda: others.append(pair.sync()))
    other.start()
    own = pair.sync()
    other.join()
    assert [ran.rc for ran in (own, *others)] == [0, 0], (own.said, others)
    assert "Traceback" not in own.said + others[0].said
    pair.synced()
    assert pair.both("cat /etc/default/shop-once; systemctl is-active shop-once.service") == "A=2\nactive"
    assert int(pair.on_twin("wc -l < /var/log/shop-once")) == starts + 1
