# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package proxy as a running apt-cacher-ng: it serves the host's repositories and is no way to anywhere else."""
from __future__ import annotations

import pathlib
import subprocess

import pytest

PORT = 31499


@pytest.fixture(scope="module")
def proxy():
    """(URL of the proxy, URL of an index it may serve, its ensure) for the first repository of this machine's own sources."""
    from safetytwin._packages import proxy as packages_proxy

    directory = "/var/lib/safetytwin-test-proxy"
    paths = sorted(pathlib.Path("/etc/apt").glob("sources.list*")) + sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))
    known = packages_proxy.repositories([{"path": str(path), "content": path.read_bytes()} for path in paths if path.is_file()])
    place = [address for address, url in known if "debian.org" in address or "ubuntu.com" in address][0]
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().split("\n") if "=" in line)
    sources = [{"path": "/etc/apt/sources.list", "content": b"deb http://%s x main\n" % place.encode()}]

    def ensure():
        return packages_proxy.ensure(sources, port=PORT, directory=directory)

    started = ensure()
    assert started["changed"]
    yield started["url"], place, release["VERSION_CODENAME"].strip('"'), ensure
    packages_proxy.stop(directory)
    assert packages_proxy.running(directory) is None
    subprocess.run(["rm", "-r", directory], check=True)


def ask(proxy, url, *options):
    """(status of the answer, status of CONNECT) as curl has them."""
    command = ["curl", "-s", "-m", "30", "-o", "/dev/null", "-w", "%{http_code} %{http_connect}", "-x", proxy, *options, url]
    return tuple(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())


def test_one_that_runs_is_left_alone(proxy):
    assert proxy[3]() == {"url": proxy[0], "changed": False}


def test_the_hosts_repository_is_served(proxy):
    url, place, codename, _ensure = proxy
    suites = [codename, codename + "-security"]
    assert "200" in [ask(url, "http://%s/dists/%s/InRelease" % (place, suite))[0] for suite in suites]


def test_everything_else_is_refused(proxy):
    url, place, _codename, _ensure = proxy
    name = place.split("/")[0]
    for other in ("http://example.org/", "http://127.0.0.1:%d/" % PORT, "http://192.0.2.1/", "http://%s/elsewhere/" % name):
        assert ask(url, other)[0] == "403", other
    for other in ("https://%s/" % name, "http://127.0.0.1:22/", "http://example.org:443/"):
        assert ask(url, other, "--proxytunnel") == ("000", "403"), other
