# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisor fetches package files from the host's repositories, and a real dpkg installs them."""
from __future__ import annotations

import pathlib
import re
import subprocess

import pytest
from plans import step

# A service with a user, a library and configuration of its own, small, and in every release.
NAMES = ("dnsmasq", "dnsmasq-base", "libnetfilter-conntrack3", "libnfnetlink0", "libmnl0", "libnftables1", "libnftnl11", "libjansson4", "runit-helper")


@pytest.fixture(scope="module")
def hypervisor(machine, tmp_path_factory):
    """(fetch of the host's packages, {name: (key, version)} that its index offers)."""
    from safetytwin._packages import fetch as packages_fetch
    from safetytwin._packages.listing import Permits

    machine.exec("apt-get", "update", "-q")
    paths = machine.exec("find", "/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/keyrings", "-type", "f", check=False).stdout.decode().split()
    sources = [{"path": path, "content": machine.exec("cat", path).encode()} for path in paths]
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', machine.exec("cat", "/etc/os-release"), re.MULTILINE))
    facts = {
        "distribution": {"id": release["ID"], "version_id": release["VERSION_ID"], "codename": release["VERSION_CODENAME"]},
        "architecture": machine.exec("uname", "-m").strip(),
    }
    directory = str(tmp_path_factory.mktemp("packages"))

    def fetch(*wanted, run=packages_fetch._run):
        rows = [dict(zip(("name", "arch", "version", "have"), (*one, ""))) for one in wanted]
        return packages_fetch.fetch(rows, facts, sources, [], directory, Permits(), run=run)

    offered = {}
    for stanza in machine.exec("apt-cache", "show", "--no-all-versions", *NAMES, check=False).stdout.decode().split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture): (\S+)$", stanza, re.MULTILINE))
        if fields:
            offered[fields["Package"]] = (fields["Package"], fields["Architecture"], fields["Version"])
    return fetch, offered


def want(one, **more):
    name, arch, version = one
    return step("packages", "%s:%s" % (name, arch), dict({"version": version, "status": "installed", "held": False, "automatic": False}, **more))


def gone(one):
    return step("packages", "%s:%s" % one[:2], None)


def status(machine, name):
    return machine.exec("dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}", name, check=False).stdout.decode().strip()


def test_packages_come_and_go_and_start_nothing(machine, hypervisor):
    fetch, offered = hypervisor
    before = machine.exec("dpkg-query", "--show")
    coming = [one for name, one in offered.items() if not status(machine, name).startswith("ii")]
    fetched = fetch(*coming)
    assert fetched["reasons"] == {}
    wanted = [want(one, automatic=one[0].startswith("lib"), held=one[0] == "dnsmasq") for one in coming]

    done = machine.apply(*wanted, packages=fetched["files"].values())
    assert set(done.values()) == {(True, None)}, done
    assert machine.exec("dpkg", "--audit") == ""
    assert "dnsmasq" in machine.exec("apt-mark", "showhold").split()
    assert {one[0] for one in coming if one[0].startswith("lib")} <= {name.partition(":")[0] for name in machine.exec("apt-mark", "showauto").split()}
    assert machine.exec("systemctl", "is-active", "dnsmasq.service", check=False).stdout.strip() == b"inactive"
    assert set(machine.apply(*wanted).values()) == {(False, None)}, "the second time needs no package files and does nothing"

    unheld = machine.apply(*[want(one, automatic=one[0].startswith("lib")) for one in coming])
    assert {key for key, (changed, _failed) in unheld.items() if changed} == {"dnsmasq:all"}
    removed = machine.apply(want(offered["dnsmasq"], status="config-files"))
    assert removed == {"dnsmasq:all": (True, None)}
    assert status(machine, "dnsmasq") == "rc"
    assert set(machine.apply(*map(gone, coming)).values()) == {(True, None)}
    assert set(machine.apply(*map(gone, coming)).values()) == {(False, None)}
    assert machine.exec("dpkg-query", "--show") == before


def test_what_is_here_is_fetched_without_a_program(hypervisor):
    fetch, offered = hypervisor
    first = fetch(offered["libjansson4"])

    def nothing(*_arguments, **_options):
        raise AssertionError("a program was started")

    assert fetch(offered["libjansson4"], run=nothing) == first


def test_a_version_that_is_gone_and_a_package_that_never_was(machine, hypervisor):
    fetch, offered = hypervisor
    name, arch, version = offered["libjansson4"]
    fetched = fetch((name, arch, "0.1-1"), ("safetytwin-no-such", "amd64", "1"))
    key = "%s:%s" % (name, arch)
    assert fetched["reasons"] == {key: "package_version_gone: %s is the nearest" % version, "safetytwin-no-such:amd64": "package_unavailable"}
    assert pathlib.Path(fetched["files"][key]).exists()
    done = machine.apply(want((name, arch, "0.1-1")), want(("safetytwin-no-such", "amd64", "1")), packages=fetched["files"].values())
    assert done[key] == (True, "package_not_fetched: %s is here instead of 0.1-1" % version), "the nearest version is what can be had"
    assert done["safetytwin-no-such:amd64"][1].startswith("package_not_fetched: ")


def test_a_broken_package_file_fails_alone(machine, hypervisor, tmp_path):
    fetch, offered = hypervisor
    broken = tmp_path / "safetytwin-broken_1_all.deb"
    broken.write_bytes(b"!<arch>\nthis is no package")
    good = fetch(offered["libmnl0"])["files"]
    done = machine.apply(want(("safetytwin-broken", "all", "1")), want(offered["libmnl0"]), packages=[broken, *good.values()])
    assert "safetytwin-broken:all 1 is not-installed: " in done["safetytwin-broken:all"][1]
    assert done["libmnl0:" + offered["libmnl0"][1]][1] is None


def test_a_failing_script_is_reported_with_its_package(machine, tmp_path):
    build = tmp_path / "safetytwin-script"
    (build / "DEBIAN").mkdir(parents=True)
    (build / "DEBIAN/control").write_text("Package: safetytwin-script\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
    (build / "DEBIAN/postinst").write_text("#!/bin/sh\nexit 3\n")
    (build / "DEBIAN/postinst").chmod(0o755)
    path = tmp_path / "safetytwin-script_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(build), str(path)], check=True, capture_output=True)
    done = machine.apply(want(("safetytwin-script", "all", "1")), packages=[path])
    assert "half-configured" in done["safetytwin-script:all"][1]
    assert "exit status 3" in done["safetytwin-script:all"][1]
    assert machine.apply(gone(("safetytwin-script", "all")))["safetytwin-script:all"] == (True, None)
