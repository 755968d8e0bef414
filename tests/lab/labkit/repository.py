# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on the lab's bridge with two small signed package repositories: one of one suite, and one of two."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import network
from .shell import LabError, run, wait_until, write

PORT = 8199
KEYRING = "/etc/apt/keyrings/lab.gpg"


class Package(NamedTuple):
    """A package file of the repository at path, in one of its suites."""

    path: str
    suite: str
    name: str
    version: str


class Repository:
    """The server and its tree; packages are files with nothing but a note of their version."""

    def __init__(self, home: Path) -> None:
        self.home, self.tree = home, home / "tree"
        self.url = f"http://{network.GATEWAY}:{PORT}"
        self.server: subprocess.Popen[bytes] | None = None

    def build(self, packages: list[Package]) -> None:
        """Write the tree of these packages anew, signed by a key that is made for it."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.tree.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as keys:
            # An agent's socket needs a short path.
            gpg = ["gpg", "--homedir", keys, "--batch", "--quiet", "--passphrase", ""]
            run([*gpg, "--quick-generate-key", "lab repository <lab@example.org>", "ed25519", "sign", "never"])
            run([*gpg, "--output", self.home / "lab.gpg", "--export"])
            try:
                for path, suite in sorted({(each.path, each.suite) for each in packages}):
                    self._suite(path, suite, [each for each in packages if (each.path, each.suite) == (path, suite)], gpg)
            finally:
                run(["gpgconf", "--homedir", keys, "--kill", "gpg-agent"])

    def _suite(self, path: str, suite: str, packages: list[Package], gpg: list[str]) -> None:
        stanzas = "\n".join(self._deb(each) for each in packages)
        index = "main/binary-amd64/Packages"
        folder = self.tree / path / "dists" / suite
        write(folder / index, stanzas)
        digest, size = hashlib.sha256(stanzas.encode()).hexdigest(), len(stanzas.encode())
        write(folder / "Release", f"Origin: lab\nSuite: {suite}\nCodename: {suite}\nDate: Mon, 01 Jan 2024 00:00:00 UTC\nArchitectures: amd64 all\n"
                                  f"Components: main\nSHA256:\n {digest} {size} {index}\n")
        run([*gpg, "--output", folder / "InRelease", "--clearsign", folder / "Release"])

    def _deb(self, package: Package) -> str:
        """Build one package file; its stanza of the index."""
        control = (f"Package: {package.name}\nVersion: {package.version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"
                   f"Description: of the lab's own repository\n")
        name = f"pool/{package.name}_{package.version}_all.deb"
        target = self.tree / package.path / name
        with tempfile.TemporaryDirectory() as work:
            # dpkg wants directories that others may read.
            Path(work).chmod(0o755)
            write(Path(work) / "DEBIAN/control", control)
            write(Path(work) / "usr/share/doc" / package.name / "version", package.version + "\n")
            target.parent.mkdir(parents=True, exist_ok=True)
            run(["dpkg-deb", "--root-owner-group", "--build", work, target])
        content = target.read_bytes()
        return f"{control}Filename: {name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"

    def up(self) -> None:
        """Serve the tree; nothing when it is served."""
        if self.server is None:
            serve = [sys.executable, "-m", "http.server", "--bind", network.GATEWAY, "--directory", str(self.tree), str(PORT)]
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            self.server = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *serve], **quiet)
            wait_until(self._answers, "the lab's repository did not answer", 30, f"see what listens on port {PORT}.")

    def _answers(self) -> bool:
        if self.server is None or self.server.poll() is not None:
            raise LabError(f"The lab's repository cannot be served at {self.url}; see what listens on port {PORT}.")
        try:
            link = http.client.HTTPConnection(network.GATEWAY, PORT, timeout=5)
            link.request("HEAD", "/")
            return link.getresponse().status == 200
        except OSError:
            return False

    def down(self) -> None:
        """Stop the server, which closes its port."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=30)
            self.server = None
