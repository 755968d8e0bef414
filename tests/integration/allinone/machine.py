# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine that is host, hypervisor and controller: systemd as process 1, libvirt, QEMU and ansible-core inside, and no inventory."""
from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAB = str(ROOT / "tests/lab/lab")
RELEASE, TEMPLATE = "trixie", "allinone"
DOMAIN = "twin-localhost"
SERVICE, TIMER, CHANNEL = "safetytwin-sync.service", "safetytwin-sync.timer", f"safetytwin-channel-{DOMAIN}.service"
PERIOD = 10  # seconds from tick to tick

Change = collections.namedtuple("Change", "title command probe")

UNIT = r"""printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/{name}.service
systemctl daemon-reload
systemctl -q enable --now {name}.service"""

# {n} makes every round another change; both machines must give the same answer to the probe.
CHANGES = (
    Change("a unit is added", UNIT.format(name="added{n}"), "systemctl show added{n}.service -p ActiveState -p UnitFileState"),
    Change("a file is changed", "echo 'round {n}' > /etc/motd", "cat /etc/motd"),
    Change("a user is added", "useradd -u 61{n:02d} -c 'Number {n}' -s /bin/sh number{n}", "getent passwd number{n}"),
    Change("a service gets another port", "sed -i 's/=.*/=81{n:02d}/' /etc/default/notesd; systemctl restart notesd",
           "curl -s --retry 8 --retry-connrefused --retry-delay 1 http://127.0.0.1:81{n:02d}/"),
    Change("a site gets another header",
           "sed -i '/X-Round/d; /listen/a add_header X-Round {n} always;' /etc/nginx/sites-available/notes; systemctl reload nginx",
           "curl -sI http://127.0.0.1:8080/ | grep X-Round"),
    Change("a service is stopped and disabled", "systemctl -q disable --now added{n}", "systemctl show added{n}.service -p ActiveState -p UnitFileState"),
    Change("a file is removed", "rm -f /etc/issue.net /etc/round*; echo {n} > /etc/round{n}", "ls /etc | grep -E '^(issue|round)'"),
    Change("a mode is changed", "chmod 06{n:02o} /etc/issue", "stat -c '%a %U' /etc/issue"),
)


class AllInOne:
    """The machine and, through it, its twin."""

    def __init__(self, name="allinone"):
        self.name = name

    def begin(self):
        """A new machine, with the collection installed from its tarball as a user does."""
        self.end()
        subprocess.run([LAB, "host", "up", self.name, "--release", RELEASE, "--template", TEMPLATE], check=True, timeout=900)
        self.install_collection()

    def install_collection(self):
        with tempfile.TemporaryDirectory() as work:
            subprocess.run([ROOT / "tests/tools/stage", work], check=True, timeout=60)
            galaxy = shutil.which("ansible-galaxy", path=f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
            tree = f"{work}/ansible_collections/safetytwin/twin"
            subprocess.run([galaxy, "collection", "build", "--output-path", work, tree], check=True, timeout=120)
            tarball = next(pathlib.Path(work).glob("*.tar.gz")).read_bytes()
        self.shell("cat > /root/twin.tar.gz", stdin=tarball)
        self.shell("ansible-galaxy collection install --offline --force /root/twin.tar.gz")

    def end(self):
        subprocess.run([LAB, "host", "down", self.name], check=True, timeout=120)

    def ask(self, command, stdin=b"", timeout=1500):
        """(exit status, output) of a command on the machine."""
        argv = [LAB, "host", "exec", self.name, "--", "sh", "-c", command]
        done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout)
        return done.returncode, done.stdout.decode(errors="replace").strip()

    def shell(self, command, stdin=b""):
        """Output of a command that must succeed."""
        status, said = self.ask(command, stdin)
        assert status == 0, f"{command} ended with {status}: {said}"
        return said

    def twin(self, command):
        """Output of a command in the twin, over ssh, whatever its exit status."""
        return self.ask(f"ssh -F /var/lib/safetytwin/twins/{DOMAIN}/ssh_config twin sh", command.encode())[1]

    def play(self, name, *options):
        """Output of one of our playbooks, which must succeed."""
        return self.shell(" ".join(["ANSIBLE_NOCOLOR=1 ansible-playbook", f"safetytwin.twin.{name}", *options]))

    def follows(self, probe, patience=120):
        """Seconds until a command prints the same on both machines; None if that does not happen in time."""
        begun, wanted = time.monotonic(), self.ask(probe)[1]
        while time.monotonic() - begun < patience:
            if self.twin(probe) == wanted:
                return time.monotonic() - begun
            time.sleep(0.5)
        return None

    def make(self, change, n):
        """Change the host and return the seconds until the twin has the change; None if that does not happen in time. The change must have an effect."""
        probe = change.probe.format(n=n)
        before = self.twin(probe)
        self.shell(change.command.format(n=n))
        # A reload answers before it is done.
        end = time.monotonic() + 10
        while self.ask(probe)[1] == before:
            assert time.monotonic() < end, f"{change.title}: nothing was changed"
        return self.follows(probe)

    def becomes(self, command, wanted, patience):
        """True once the machine gives the wanted answer; False if it never does."""
        end = time.monotonic() + patience
        while self.ask(command)[1] != wanted:
            if time.monotonic() > end:
                return False
            time.sleep(0.5)
        return True

    def properties(self, unit, *names):
        said = self.shell(f"systemctl show {unit} -p {','.join(names)}")
        return dict(line.split("=", 1) for line in said.splitlines())

    def cursor(self):
        """The journal's current position."""
        return self.shell("journalctl -q -n 1 -o cat --show-cursor").rpartition("cursor: ")[2]

    def told(self, cursor):
        """The journal's lines of the collection's units after a position."""
        return self.shell(f"journalctl -q --no-pager -o cat --after-cursor='{cursor}' -u {SERVICE} -u {TIMER} -u {CHANNEL}")


class Ticks:
    """Counts the cycles that the timer starts; it polls faster than cycles can follow each other."""

    def __init__(self, machine):
        self.machine, self.seen, self.failed = machine, set(), set()
        self.cursor = machine.cursor()

    def look(self):
        have = self.machine.properties(SERVICE, "InvocationID", "Result")
        self.seen.add(have["InvocationID"])
        if have["Result"] != "success":
            self.failed.add(have["InvocationID"])

    @contextlib.contextmanager
    def watched(self):
        """Look for as long as the block lasts."""
        done = threading.Event()

        def watch():
            while not done.wait(0.5):
                self.look()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                yield self
            finally:
                done.set()
        watching.result()

    def until(self, number, patience):
        """Look until that many new cycles have begun and ended; False if they do not come in time."""
        end = time.monotonic() + patience
        self.look()
        while len(self.seen) <= number + 1:
            if time.monotonic() > end:
                return False
            time.sleep(0.5)
            self.look()
        return True
