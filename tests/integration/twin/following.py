# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host and its twin under test: runs syncs, and compares the output of plain tools on both."""
from __future__ import annotations

import collections
import json
import subprocess
import time

from labkit import tree
from labkit.pair import ROOT, Pair

Ran = collections.namedtuple("Ran", "rc said seconds")
STORE = "/var/lib/safetytwin"
OTHER_RELEASE = "bookworm" if tree.codename() == "trixie" else "trixie"


class Following(Pair):
    """A Pair with its life cycle and with assertions; template and release are the lab's, roots are the user's further directories."""

    template = "web"
    release = tree.codename()
    roots = ("/srv/shop",)

    def __init__(self, host):
        super().__init__(host)
        self.first = None
        self.environment["ANSIBLE_NOCOLOR"] = "1"

    def write_inventory(self, others=None, **variables):
        # Small and patient, so that the tests pass beside other work.
        super().write_inventory(
            others, twin_memory_mib=1024, twin_patience=600, twin_harvest_timeout=180, twin_roots=list(self.roots), **variables
        )

    def begin(self):
        """Create a host and install the collection from its tarball; an older host and twin are removed first."""
        for words in (["packages"], ["hypervisor", "up"], ["host", "down", self.host], self.up()):
            self.done(self.lab(*words))
        self.prepare()
        self.done(self.build(), cwd=ROOT)
        self.done(self.install())
        self.write_inventory()
        self.uninstall()

    def up(self):
        """The lab's words that start the host."""
        return ["host", "up", self.host, "--template", self.template, "--release", self.release]

    def prepare(self):
        """What the host is given once it runs."""
        # A hash to look for: it must not leave the host.
        self.change("echo alice:lab-only | chpasswd")

    def end(self):
        """Remove the twin, the record and the host."""
        self.write_inventory()
        self.done(self.lab("hypervisor", "up"))
        self.uninstall()
        self.done(self.lab("host", "down", self.host))

    def uninstall(self):
        """Run the playbook uninstall; it waits for a cycle that a killed run left."""
        until(lambda: self.run(self.play("uninstall")).rc == 0, "the twin was removed", 600)

    def run(self, argv, timeout=300, **options):
        """A command to its end, however it ends."""
        begun = time.monotonic()
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment, timeout=timeout, check=False, **options
        )
        return Ran(done.returncode, done.stdout.decode(errors="replace"), time.monotonic() - begun)

    def done(self, argv, **options):
        """Output of a command that must succeed."""
        ran = self.run(argv, timeout=900, **options)
        assert ran.rc == 0, f"{argv}: {ran.said}"
        return ran.said

    def sync(self, *words, timeout=300):
        return self.run(self.play("sync", *words), timeout)

    def synced(self, *words):
        """The report line of a sync that must succeed."""
        ran = self.sync(*words)
        assert ran.rc == 0, ran.said
        assert "Traceback" not in ran.said
        return ran.said

    def report(self, *words):
        """The JSON report of a sync that must succeed."""
        said = self.done(["env", "SAFETYTWIN_REPORT_FORMAT=json", *self.play("sync", *words)])
        return next(json.loads(line) for line in said.splitlines() if line.startswith("{"))

    def change(self, command):
        """Run a shell script on the host; it must succeed."""
        self.done(self.lab("host", "exec", self.host, "--", "sh", "-ec", command))

    def both(self, command):
        """Output of a shell line that must be the same on both machines."""
        host, twin = self.on_host(command), self.on_twin(command)
        assert host == twin, f"{command}\nhost: {host}\ntwin: {twin}"
        return host


def refused(ran, *words):
    """Check that a run failed with a sentence that contains these words, and with a status other than 0."""
    assert ran.rc not in (0, 250), ran.said
    assert "Traceback" not in ran.said
    for word in words:
        assert word in " ".join(ran.said.split()), ran.said


def until(true, what, seconds=60):
    """Poll a condition, bounded."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.2)
