# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of the pure stages: test_planning_STAGE.py's `case` is each fixtures/STAGE/*.json in turn. And a repository of packages for a real apt."""
from __future__ import annotations

import functools
import http.server
import json
import os
import pathlib
import shutil
import threading
from typing import NamedTuple

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import check
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import listing
from ansible_collections.safetytwin.twin.plugins.module_utils._planning import graph
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import PlanContext

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
STAGES = ("policy", "diff", "plan", "fidelity")
BODY = {"status": "ok", "note": "", "excluded": {}}


def full(scopes):
    """Scopes of a fixture, which leave out what is usual, as the code knows them."""
    return {scope: dict(BODY, **body) for scope, body in scopes.items()}


def load(path):
    case = json.loads(path.read_text(encoding="ascii"))
    return dict(case, before=full(case["before"]), after=full(case["after"]))


def pytest_generate_tests(metafunc):
    stage = metafunc.module.__name__.rpartition("test_planning_")[2]
    if "case" in metafunc.fixturenames and stage in STAGES:
        paths = sorted((FIXTURES / stage).glob("*.json"))
        names = [path.stem for path in paths]
        assert {name.rpartition("_")[2] for name in names} >= {"noop", "broken"}, "each stage has a noop and a broken case"
        metafunc.parametrize("case", [load(path) for path in paths], ids=names)


class Outcome(NamedTuple):
    """What an applier says of a step, as tests of appliers compare it."""

    changed: bool
    failed: str | None


@pytest.fixture
def in_order():
    """Steps of one scope as its planner makes and orders them, for (key, want) pairs; and an applier's answer by key."""

    def steps(planner, scope, wanted):
        changes = [Change(scope, key, None, want, ()) for key, want in wanted]
        return graph.ordered(planner.steps(PlanContext(changes, {}, {}, {}, {})))

    def outcomes(done):
        return {step_id.partition(":")[2]: Outcome(one.changed, one.failed) for step_id, one in done.items()}

    steps.outcomes = outcomes
    return steps


class Repository:
    """A real one, of packages made here, read by a real apt over http."""

    def __init__(self, directory, port):
        self.directory, self.changes = directory, 1700000000
        self.permits = listing.Permits(unsigned=("http://127.0.0.1:%d" % port,))
        self.sources = [{"path": "/etc/apt/sources.list", "content": b"deb [trusted=yes] http://127.0.0.1:%d/ ./\n" % port}]

    def add(self, name, version, more="", arch="all"):
        tree = self.directory / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: %s\nVersion: %s\nArchitecture: %s\n%sMaintainer: x <x@example.org>\nDescription: x\n" % (name, version, arch, more)
        )
        path = self.directory / ("%s_%s.deb" % (name, version.replace(":", "")))
        check(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(path)], "Building a package")
        shutil.rmtree(tree)
        self._index()

    def _index(self):
        stanzas = []
        for path in sorted(self.directory.glob("*.deb")):
            control = check(["dpkg-deb", "--field", str(path)], "Reading a package").decode()
            sums = check(["sha256sum", str(path)], "Summing a package").decode().split()[0]
            stanzas.append("%sFilename: ./%s\nSize: %d\nSHA256: %s\n" % (control, path.name, path.stat().st_size, sums))
        index = self.directory / "Packages"
        index.write_text("\n".join(stanzas))
        # servers tell times in whole seconds, and two indexes of one second would be the same
        self.changes += 1
        os.utime(index, times=(self.changes, self.changes))


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "repository").mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "repository"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Repository(tmp_path / "repository", server.server_address[1])
        server.shutdown()
