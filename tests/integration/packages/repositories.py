# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of packages that are made here: a pool, an index and a signed Release for each suite."""
from __future__ import annotations

import contextlib
import email.utils
import functools
import hashlib
import http.server
import pathlib
import subprocess
import threading
import time
from typing import NamedTuple

FIRST_CHANGE = 1700000000


class Key(NamedTuple):
    """A signing key: the directory that gpg keeps it in, and its public part in both forms."""

    home: str
    armored: str
    binary: bytes


def make_key(home, name):
    home.chmod(0o700)
    address = f"{name}@example.org"
    _gpg(str(home), "--passphrase", "", "--quick-generate-key", address, "ed25519", "sign", "never")
    return Key(str(home), _gpg(str(home), "--armor", "--export", address).decode(), _gpg(str(home), "--export", address))


def _gpg(home, *words, stdin=b""):
    command = ["gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback", *words]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=60).stdout


@contextlib.contextmanager
def serving(directory):
    """(URL, list of paths below which everything is refused) of a server on a free port of the loopback address."""
    directory.mkdir()
    refused = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path.startswith(tuple(refused)):
                self.send_error(403)
            else:
                super().do_GET()

        def log_message(self, *_arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(directory))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", refused
        server.shutdown()


class Server:
    """One server with any number of repositories, and a host's files of apt that name them."""

    def __init__(self, directory, url, refused, keys):
        self.directory, self.url, self.refused, self.keys = directory, url, refused, keys
        self.packages, self.changes, self.files = {}, 0, {"/etc/apt/trusted.gpg.d/one.asc": keys[0].armored.encode()}

    def add(self, repository, suite, *versions, name="shop", arch="all", key=0, date=None):
        """Publish versions of a package in a suite of a repository, beside what is there."""
        stanzas = self.packages.setdefault((repository, suite), [])
        for version in versions:
            stanzas.append((arch, self._stanza(repository, name, version, arch)))
        dist = self.directory / repository / "dists" / suite
        sums = []
        for each in sorted({"amd64", "i386", *(of for of, _stanza in stanzas)} - {"all"}):
            index = dist / f"main/binary-{each}/Packages"
            index.parent.mkdir(parents=True, exist_ok=True)
            index.write_text("\n".join(stanza for of, stanza in stanzas if of in (each, "all")))
            sums.append(f" {hashlib.sha256(index.read_bytes()).hexdigest()} {index.stat().st_size} main/binary-{each}/Packages")
        release = f"Origin: test\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64 i386 all\nComponents: main\n" \
                  f"Date: {email.utils.formatdate(date or time.time(), usegmt=True)}\nSHA256:\n" + "\n".join(sums) + "\n"
        (dist / "InRelease").write_bytes(_gpg(self.keys[key].home, "--clearsign", stdin=release.encode()))
        self._stamp(dist)

    def _stanza(self, repository, name, version, arch):
        pool = self.directory / repository / "pool"
        tree = pool / "tree"
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: x <x@example.org>\nDescription: x\n"
        (tree / "DEBIAN/control").write_text(control)
        path = pool / f"{name}_{version.replace(':', '')}_{arch}.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(path)], check=True, capture_output=True, timeout=60)
        return f"{control}Filename: pool/{path.name}\nSize: {path.stat().st_size}\nSHA256: {hashlib.sha256(path.read_bytes()).hexdigest()}\n"

    def _stamp(self, dist):
        """Give what was written a time of its own: servers tell times in whole seconds, and two indexes of one second would be the same."""
        self.changes += 1
        for path in dist.rglob("*"):
            subprocess.run(["touch", "--date", f"@{FIRST_CHANGE + self.changes}", str(path)], check=True)

    def list(self, name, content):
        """Have a list of repositories on the host; @ stands for the server's URL."""
        self.files[f"/etc/apt/sources.list.d/{name}"] = content.replace("@", self.url).encode()

    @property
    def sources(self):
        return [{"path": path, "content": content} for path, content in self.files.items()]


def field(path, name):
    """A control field of a package file."""
    return subprocess.run(["dpkg-deb", "--field", str(pathlib.Path(path)), name], check=True, capture_output=True, timeout=60).stdout.decode().strip()
