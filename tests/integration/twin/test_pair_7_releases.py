# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sync of hosts of two releases and a host that does not exist: each host gets a twin of its own release."""
from __future__ import annotations

import pytest
from following import OTHER_RELEASE, Following

RELEASE = ". /etc/os-release; echo $ID $VERSION_CODENAME; dpkg-query -W -f '${Package} ${Version}\\n' nginx libc6 systemd; systemctl is-active nginx shopd"


@pytest.fixture
def second(pair):
    """A host of another release beside the first, and the name of one that nobody has."""
    name = "it2"
    pair.done(pair.lab("host", "down", name))
    pair.done(pair.lab("host", "up", name, "--release", OTHER_RELEASE))
    here = Following(name)
    gone = dict(here.variables(), ansible_host=here.variables()["ansible_host"].rsplit(".", 1)[0] + ".251")
    pair.write_inventory({name: here.variables(), "gone": gone})
    yield here
    pair.done(pair.play("uninstall", "--limit", name))
    pair.write_inventory()
    pair.done(pair.lab("host", "down", name))


def lines(ran):
    """The report's lines by host."""
    return {name: [line for line in ran.said.splitlines() if line.startswith(name + "  ")] for name in ("it1", "it2", "gone")}


# The untidy host is of the other release.
@pytest.mark.exhaustive
def test_hosts_of_two_releases_follow_in_one_sync(pair, second):
    first = pair.sync(timeout=1500)
    assert first.rc != 0 and "Traceback" not in first.said, first.said
    assert len(lines(first)["gone"]) == 1, first.said
    assert pair.both(RELEASE).splitlines()[0] != second.both(RELEASE).splitlines()[0]
    for here in (pair, second):
        here.change("echo both > /etc/shop-both; systemctl -q disable --now cron")
    again = pair.sync()
    assert [len(found) for found in lines(again).values()] == [1, 1, 1], again.said
    for here in (pair, second):
        assert here.both("cat /etc/shop-both; systemctl is-active cron; systemctl is-enabled cron") == "both\ninactive\ndisabled"
    for here in (pair, second):
        here.change("rm /etc/shop-both; systemctl -q enable --now cron")
    assert "it2" not in pair.synced("--limit", "it1")
