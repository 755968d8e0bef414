# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cycle refuses before it does anything, and what it keeps in the store; a whole one is in tests/integration and the lab."""
from __future__ import annotations

import json
import pathlib
import tarfile
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils import _reconcile
from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError, Unreachable
from ansible_collections.safetytwin.twin.plugins.module_utils._planning import due
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.schema import FORMAT
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store

REQUEST = {"host": "web1", "check": False, "roots": [], "exclude": [], "seconds": {"harvest": 1.5}, "scopes": None}


def cycle():
    return _reconcile.Cycle(None, REQUEST)


def test_scopes_that_cannot_be_converged_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(_reconcile, "open_store", lambda **_options: pytest.fail("the store was opened"))
    with pytest.raises(TwinError, match="containers, nonsense cannot be converged; there are: accounts, files, packages, services"):
        _reconcile.cycle(dict(REQUEST, scopes=["files", "nonsense", "containers"]))


class Line:
    """A channel that writes down what is asked of it."""

    said: list[str] = []

    def __init__(self, twin):
        self.said.clear()

    def alive(self):
        self.said.append("alive")
        return "close" not in self.said

    def close(self):
        self.said.append("close")

    def open(self, _watch):
        self.said.append("open")
        return "boot"


class Records:
    """A store that writes down what is told to it of a twin that answers."""

    def __init__(self):
        self.told = []

    def answered(self, twin_id, boot):
        self.told.append((twin_id, boot))

    def unanswered(self, twin_id, resets, lost):
        self.told.append((twin_id, resets, lost))

    def head(self, _twin_id):
        return dict(HEAD, applying=True)


HEAD = {"touched": 0, "boots": [31.5, 40.5, 33], "resets": 1, "lost": False, "seen": True, "paused": "", "revision": 3}


def entering(monkeypatch, tmp_path, **more):
    """A cycle that is about to enter its twin, and that twin."""
    monkeypatch.setattr(_reconcile, "Channel", Line)
    one = _reconcile.Cycle(Records(), dict(REQUEST, **{"patience": 1, "unresponsive": "reset", **more}))
    one.head = dict(HEAD)
    return one, {"touched": 0, "state": "running", "directory": str(tmp_path), "domain": "twin-web1"}


@pytest.mark.parametrize(("touched", "state", "check", "expected"), [
    (0, "running", False, ["open"]),
    (1, "running", False, ["close", "open"]),
    (0, "shutoff", False, ["close", "open"]),
    (0, "running", True, ["alive", "open"]),
    (1, "running", True, ["close", "alive", "open", "close"]),
])
def test_an_ssh_master_of_before_a_change_to_the_machine_is_not_used(monkeypatch, tmp_path, touched, state, check, expected):
    one, twin = entering(monkeypatch, tmp_path, check=check)
    with one._entered(None, dict(twin, touched=touched, state=state)):
        pass
    assert Line.said == expected
    assert one.store.told == ([] if check else [("twin-web1", None)])


@pytest.mark.parametrize("check", [False, True])
def test_what_is_known_of_a_twin_bounds_the_wait_for_it(monkeypatch, tmp_path, check):
    one, twin = entering(monkeypatch, tmp_path, check=check)
    watch = one._watch(None, twin)
    assert (watch.limits.boot, watch.limits.lost, watch.resets, watch.remember is None) == (40.5, False, 1, check)
    if not check:
        watch.remember(2, True)
        assert one.store.told == [("twin-web1", 2, True)]


def followed(monkeypatch, tmp_path, outcomes, **more):
    """The cycle, and what each attempt to converge was given, where each one comes to an outcome."""
    one, twin = entering(monkeypatch, tmp_path, **more)
    monkeypatch.setattr(_reconcile.client, "find_twin", lambda _connection, _twin_id: dict(twin, state="shutoff"))
    attempts = []

    def converge(_connection, twin, _document, whole):
        attempts.append((twin["state"], whole, bool(one.known.get("applying"))))
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(one, "_converge", converge)
    return one, twin, attempts


def test_a_machine_that_goes_away_under_a_cycle_is_brought_back_and_read_whole(monkeypatch, tmp_path):
    one, twin, attempts = followed(monkeypatch, tmp_path, [Unreachable("gone"), {"twin": "following"}])
    assert one._follow(None, twin, None, False) == {"twin": "following"}
    assert attempts == [("running", False, False), ("shutoff", True, True)]


@pytest.mark.parametrize(("outcomes", "check", "number"), [
    ([Unreachable("gone"), Unreachable("gone")], False, 2),
    ([Unreachable("gone")], True, 1),
    ([TwinError("gone")], False, 1),
])
def test_that_is_tried_once_and_never_in_check_mode(monkeypatch, tmp_path, outcomes, check, number):
    one, twin, attempts = followed(monkeypatch, tmp_path, outcomes, check=check)
    with pytest.raises(TwinError, match="^gone$"):
        one._follow(None, twin, None, False)
    assert len(attempts) == number


def test_what_made_the_twin_answer_is_a_change_that_the_result_tells():
    one = cycle()
    assert one._result("following")["recovered"] == []
    one.recovered = ["twin started: it was shutoff"]
    result = one._result("following")
    assert (result["recovered"], result["changed"]) == (["twin started: it was shutoff"], True)


def test_every_result_has_all_its_members_and_stages_their_seconds():
    one = cycle()
    one.begun = one.lapped = time.monotonic() - 2
    one.lap("plan")
    result = one._result("absent", message="m")
    assert {name: result[name] for name in ("changes", "counts", "failures", "drift", "fidelity", "changed", "revision")} == {
        "changes": [], "counts": {}, "failures": [], "drift": [], "fidelity": {}, "changed": False, "revision": 0,
    }
    assert set(result["seconds"]) == {"harvest", "plan", "record", "total"}
    assert result["seconds"]["plan"] >= 2
    assert result["seconds"]["total"] >= 3.5


CONTENT = digest(b"content")
SOURCES = digest(b"deb http://deb.example.org bookworm main")
MACHINE = {"machine_id": "m1", "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm"}, "architecture": "x86_64"}
TWIN = {"twin": "twin-web1", "domain": "twin-web1", "state": "running", "uuid": "u", "touched": 0, "metadata": {}}
FOLLOW = dict(REQUEST, drift="correct", vcpus=2, memory_mib=1024, audit=False, audit_interval=600, resume=False, harvest=None)


def file(name):
    return {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": 7, "digest": name}


def state(**files):
    names = ("accounts", "files", "hardware", "packages", "services")
    return {name: {"status": "ok", "note": "", "items": files if name == "files" else {}, "excluded": {}} for name in names}


class Guest:
    """A twin that applies steps of files: with the contents that came along, and those that it has by itself."""

    def __init__(self, scopes, has=()):
        self.scopes, self.has = scopes, has

    def call(self, program, request, timeout=0):
        if program == "_harvest":
            return {"scopes": self.scopes}
        with tarfile.open(fileobj=request) as tar:
            came = {pathlib.PurePath(name).name for name in tar.getnames()}
            steps = json.loads(tar.extractfile("request.json").read())["plan"]["steps"]
        reached = {step["key"]: step["want"] for step in steps if step["want"]["digest"] in {*came, *self.has}}
        self.scopes["files"]["items"].update(reached)
        results = [{"id": step["id"], "changed": step["key"] in reached, "failed": None if step["key"] in reached else "content_pending"} for step in steps]
        files = {key: self.scopes["files"]["items"][key] for key in reached}
        return {"results": results, "read": {"files": [step["key"] for step in steps]}, "scopes": {"files": dict(self.scopes["files"], items=files)}}


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Runs one cycle over a store that knows web1: follow(guest, whole) returns (its result, codes of the reasons for the next cycle)."""
    monkeypatch.setattr(_reconcile.client, "set_revision", lambda *_words: None)
    monkeypatch.setattr(_reconcile.client, "twins", lambda _conn: [])
    monkeypatch.setattr(_reconcile.retention, "prune", lambda *_words: [])
    with open_store(str(tmp_path / "lib"), str(tmp_path / "run")) as store:
        document = {"format": 1, "machine": MACHINE, "scopes": state(**{"/etc/motd": file(CONTENT), "/etc/apt/sources.list": file(SOURCES)})}
        store.take("web1", document, "d1")
        store.adopt("twin-web1", "web1")

        def run(guest, whole=False):
            one = _reconcile.Cycle(store, dict(FOLLOW))
            one.head, one.channel, one.boot_id = store.head("twin-web1"), guest, "b"
            result = one._converge(None, TWIN, document, whole)
            return result, [reason.code for reason in due.due(one._situation(store.head("twin-web1"), TWIN))]

        run.store, run.document = store, document
        yield run


def emptied(path):
    path.write_bytes(b"")


def truncated(path):
    path.write_bytes(path.read_bytes()[:3])


def overwritten(path):
    path.write_bytes(b"damaged")


def a_directory(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [emptied, truncated, overwritten, pathlib.Path.unlink, a_directory])
def test_a_damaged_content_is_found_when_it_is_needed_and_repaired_in_the_next_cycle(follow, damage):
    store, guest = follow.store, Guest(state(**follow.document["scopes"]["files"]["items"]))
    store.blobs.put(CONTENT, b"content")
    assert follow(guest, whole=True)[1] == []
    damage(pathlib.Path(store.blobs.path(CONTENT)))
    del guest.scopes["files"]["items"]["/etc/motd"]
    result, reasons = follow(guest, whole=True)
    assert result["failures"] == ["files /etc/motd: Its content has not arrived yet. The next cycle requests it."]
    assert reasons == ["pending"]
    assert store.head("twin-web1")["fidelity"]["pending"] == [CONTENT]
    store.blobs.put(CONTENT, b"content")  # what the next cycle does with the answer to `want`
    result, reasons = follow(guest)
    assert (result["failures"], reasons) == ([], [])
    assert guest.scopes["files"]["items"]["/etc/motd"] == file(CONTENT)
    assert store.head("twin-web1")["fidelity"]["pending"] == []


def test_what_was_refused_of_the_host_is_told(follow):
    one = _reconcile.Cycle(follow.store, dict(FOLLOW))
    assert one._take_in()["machine"] == MACHINE and one._result("absent")["refused"] == []
    follow.store.refuse("web1", ["A content was left out."])
    one._take_in()
    assert one._result("absent")["refused"] == ["A content was left out."]


def test_a_content_that_the_twin_had_by_itself_is_not_requested(follow):
    guest = Guest(state(**{"/etc/apt/sources.list": file(SOURCES)}), has={CONTENT})
    result, reasons = follow(guest, whole=True)
    assert (result["changed"], reasons) == (True, [])


def test_a_content_that_arrives_when_nothing_is_left_to_do_is_no_reason_for_a_further_cycle(follow):
    guest = Guest(state(**{"/etc/apt/sources.list": file(SOURCES)}))
    assert follow(guest, whole=True)[1] == ["pending"]
    follow.store.blobs.put(CONTENT, b"content")
    actual = follow.store.actual("twin-web1")
    guest.scopes["files"]["items"]["/etc/motd"] = actual["scopes"]["files"]["items"]["/etc/motd"] = file(CONTENT)
    fidelity = follow.store.head("twin-web1")["fidelity"]
    follow.store.settle("twin-web1", 1, actual, fidelity, {}, audited=False)
    assert follow(guest)[1] == []


def test_package_sources_that_are_damaged_are_requested_before_a_base_image_is_built(follow):
    one = _reconcile.Cycle(follow.store, dict(FOLLOW))
    with pytest.raises(TwinError, match="^1 package sources of web1 are missing or damaged in the store"):
        one._absent(follow.document)
    assert follow.store.head("twin-web1")["fidelity"] == {"pending": [SOURCES]}
    follow.store.blobs.put(SOURCES, b"deb http://deb.example.org bookworm main")
    assert one._absent(follow.document)["twin"] == "absent"
    assert follow.store.head("twin-web1")["fidelity"] == {"pending": []}


def test_a_twin_that_was_read_in_an_older_format_is_read_anew_and_fields_that_it_lacks_are_no_drift(follow):
    unit = {"load": "loaded", "active": "active", "enablement": "enabled", "listens": ["tcp 0.0.0.0:80"]}
    follow.document["scopes"]["services"]["items"]["web.service"] = unit
    guest = Guest(state(**{"/etc/motd": file(CONTENT), "/etc/apt/sources.list": file(SOURCES)}))
    guest.scopes["services"]["items"]["web.service"] = unit
    old = dict(state(**{"/etc/motd": file(CONTENT), "/etc/apt/sources.list": file(SOURCES)}), services=dict(guest.scopes["services"], items={
        "web.service": {name: value for name, value in unit.items() if name != "listens"},
    }))
    known = {"uuid": "u", "boot_id": "b", "touched": 0, "scopes": old, "substrate": {}, "given_up": {}}
    follow.store.settle("twin-web1", 1, known, {}, {}, audited=True)
    result, reasons = follow(guest)
    assert (result["changed"], result["changes"], result["drift"], result["failures"], reasons) == (False, [], [], [], [])
    assert follow.store.actual("twin-web1")["format"] == FORMAT
    one = _reconcile.Cycle(follow.store, dict(FOLLOW))
    one.head, one.channel, one.boot_id = follow.store.head("twin-web1"), guest, "b"
    assert one._read_twin(TWIN, True)[1] == follow.store.actual("twin-web1"), "what changes now is drift"
    follow.store.settle("twin-web1", 1, known, {}, {}, audited=True)
    assert one._read_twin(TWIN, True)[1] is None
