# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The untidy host: packages from several repositories of one server, and what plain tools say of it and of its twin."""
from __future__ import annotations

import concurrent.futures
import json
import shlex
import subprocess
import time

import judge
import plain
from following import OTHER_RELEASE, Following

from labkit.repository import KEYRING, Package, Repository

PACKAGES = [
    Package("stable", "calm", "untidy-web", "1.0"),
    Package("security", "calm-security", "untidy-web", "1.1"),
    Package("mirror", "old", "untidy-tool", "1.0"),
    Package("mirror", "new", "untidy-tool", "2:0.5~rc1"),
    Package("stable", "calm", "untidy-gone", "1.0"),
    Package("stable", "calm", "untidy-late", "1.0"),
]
# One file with two stanzas, and one with lines that have options; all on one server.
SOURCES = """
mkdir -p /etc/apt/keyrings
cat > /etc/apt/sources.list.d/lab.sources <<'END'
# of the lab
Types: deb
URIs: {url}/stable/
Suites: calm
Components: main
Signed-By: {keyring}

Types: deb
URIs: {url}/security
Suites: calm-security
Components: main
Signed-By: {keyring}
END
for suite in new old; do
    echo "deb [arch=amd64 signed-by={keyring}] {url}/mirror $suite main"
done > /etc/apt/sources.list.d/mirror.list
"""
# The host has the security update, the older of two suites, and a version that no repository has any more.
INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq untidy-web untidy-tool=1.0 >/dev/null
mkdir -p /run/gone/DEBIAN && printf '%s\n' 'Package: untidy-gone' 'Version: 0.9' 'Architecture: all' 'Maintainer: nobody <nobody@example.org>' \
    'Description: an older version' > /run/gone/DEBIAN/control
dpkg-deb --build /run/gone /run/gone.deb >/dev/null && dpkg --install /run/gone.deb >/dev/null
apt-get clean
rm -r /run/gone /run/gone.deb
"""


class Untidy(Following):
    """An untidy host and its twin; judged() compares them with the report."""

    template = "untidy"
    release = OTHER_RELEASE
    roots = ()

    def __init__(self, host):
        super().__init__(host)
        self.repository = Repository(self.home.with_name(host + "-repository"))

    def prepare(self):
        self.repository.build(PACKAGES)
        self.repository.up()
        self.change(SOURCES.format(url=self.repository.url, keyring=KEYRING))
        self.done(["sh", "-ec", f"cp '{self.repository.home}/lab.gpg' '{self.tree()}{KEYRING}'; chmod 644 '{self.tree()}{KEYRING}'"])
        self.change(INSTALL)

    def tree(self):
        """Where the host's root directory lies on this machine."""
        return json.loads(self.done(self.lab("host", "info", self.host)))["tree"]

    def end(self):
        self.repository.down()
        super().end()

    def info(self):
        """What twin_info says of the twin."""
        said = self.done(["env", "ANSIBLE_STDOUT_CALLBACK=ansible.builtin.default", *self.tool(
            "ansible", "localhost", "-m", "safetytwin.twin.twin_info", "-a", f"host={self.host}")])
        return json.loads(said.partition("=> ")[2])["twin"]

    def reasons(self):
        """{(scope, key): reason} of what is not as on the host."""
        return {(row["scope"], str(row["key"])): row["reason"] for row in self.info()["fidelity"]["exceptions"]}

    def bytes_of(self, machine, command):
        """What a shell line prints on the host or in the twin."""
        argv = self.lab("host", "exec", self.host, "--", "sh", "-c", command) if machine == "host" else self.twin_ssh("sh -c " + shlex.quote(command))
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=300).stdout

    def tables(self, machine):
        """{tool: table} of one machine; the ports that are asked are the host's."""
        tables = {name: reading.parse(self.bytes_of(machine, reading.command)) for name, reading in plain.READINGS.items()}
        sockets = plain.listening(self.bytes_of("host", plain.READINGS["listening"].command))
        tables["answers"] = plain.rows(self.bytes_of(machine, plain.request(sockets)))
        return tables

    def judged(self, patience=20):
        """(differences that nothing names, reasons that are not true); it tries again for some seconds, because services may still be starting."""
        deadline = time.monotonic() + patience
        while True:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                host, twin = pool.map(self.tables, ("host", "twin"))
            report, screen = self.info()["fidelity"], self.done(self.play("status"))
            machines = judge.Machines(host, twin, self.on_host, self.on_twin)
            found = judge.unnamed(judge.differences(host, twin), report, screen, host, twin), judge.untrue(report, machines)
            if found == ([], []) or time.monotonic() > deadline:
                return found
            time.sleep(2)
