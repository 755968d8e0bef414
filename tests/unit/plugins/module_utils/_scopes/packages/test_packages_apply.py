# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the applier decides; that dpkg does it is shown in tests/integration/apply."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages import apply as packages
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.packages.apply import NOTHING, Row

HERE = Row("1", "install", "installed")
SAID = b"dpkg: error processing package shop:amd64 (--configure):\n dependency problems - leaving unconfigured\n"


def step(want, key="shop:amd64"):
    return {"id": "packages:" + key, "key": key, "want": want}


def want(version="1", **more):
    return dict({"version": version, "status": "installed", "held": False, "automatic": False}, **more)


def verdict(wanted, before, after, coming=None, said=b""):
    return packages._verdict(step(wanted), {"shop:amd64": before}, {"shop:amd64": after}, coming or {}, set(), said)


def test_reached_goals():
    assert verdict(want(), HERE, HERE) == (False, None, False)
    assert verdict(want("2"), HERE, Row("2", "install", "installed"), {"shop:amd64": ("2", "/x")}) == (True, None, False)
    assert verdict(None, HERE, NOTHING) == (True, None, False)
    assert verdict(want(status="config-files"), HERE, Row("1", "deinstall", "config-files")) == (True, None, False)


@pytest.mark.parametrize(("wanted", "after", "coming", "sentence"), [
    (None, HERE, {}, "shop:amd64 stays (installed): dependency problems"),
    (want("2"), NOTHING, {}, "package_not_fetched: "),
    (want("2"), HERE, {}, "package_not_fetched: 1 is here instead of 2"),
    (want("2"), Row("2", "install", "half-configured"), {"shop:amd64": ("2", "/x")}, "shop:amd64 2 is half-configured: dependency problems"),
])
def test_missed_goals_say_why(wanted, after, coming, sentence):
    assert verdict(wanted, HERE, after, coming, SAID).failed.startswith(sentence)


def test_the_message_of_dpkg_is_the_line_with_the_package():
    assert packages._reason(SAID, "shop:amd64") == "dependency problems - leaving unconfigured"
    assert packages._reason(b"dpkg: error processing archive /x/shop_1_all.deb (--install):\n cannot access\n", "shop:all") == "cannot access"
    assert packages._reason(SAID, "other:amd64").startswith("dpkg gave no reason")
    assert packages._reason(SAID.replace(b"shop", b"shop-extra"), "shop:amd64").startswith("dpkg gave no reason")


def test_package_files_are_needed_for_missing_versions():
    class Sent:
        def package(self, _key, version):
            return (version, "/spool/x.deb") if version != "9" else None

    for wanted, row, comes in (
        (want("2"), HERE, True), (want("1"), HERE, False), (want("1"), NOTHING, True), (want("9"), HERE, False), (None, HERE, False),
        (want(status="config-files"), Row("1", "deinstall", "config-files"), False),
    ):
        assert bool(packages._coming({"shop:amd64": step(wanted)}, {"shop:amd64": row}, Sent())) is comes


def test_marks_only_for_what_is_installed():
    wanted = {"a:all": step(want(automatic=True), "a:all"), "b:all": step(want(automatic=True), "b:all"), "c:all": step(None, "c:all")}
    assert packages._automatic(wanted, {"a:all": HERE, "c:all": HERE}) == {"a:all": True, "b:all": None, "c:all": None}


def test_package_scripts_start_no_service_and_an_existing_policy_stays(tmp_path):
    path = tmp_path / "policy-rc.d"
    packages._hold_back_services(str(path))
    assert path.read_text().endswith("exit 101\n")
    assert path.stat().st_mode & 0o777 == 0o755
    path.write_text("own")
    packages._hold_back_services(str(path))
    assert path.read_text() == "own"


def test_names_as_dpkg_wants_them():
    assert packages._name("tzdata:all") == "tzdata"
    assert packages._name("libc6:i386") == "libc6:i386"
