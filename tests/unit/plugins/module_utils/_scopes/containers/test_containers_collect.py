# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import json
import os
import socketserver
import threading

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.containers import collect as containers
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context

IMAGE = {"Id": "sha256:aa", "RepoTags": ["img:1"], "RepoDigests": [], "Size": 7}
INSPECTED = {"Id": "ab", "Name": "/web", "Image": "sha256:aa", "State": {"Running": True}, "HostConfig": {}, "Config": {"Image": "img:1"}}
ANSWERS = {
    "/images/json": [IMAGE], "/containers/json?all=true": [{"Id": "ab"}, {"Id": "gone"}], "/containers/ab/json": INSPECTED, "/networks": [],
    "/volumes": {"Volumes": None},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = self.server.answers.get(self.path)
        self.send_response(404 if answer is None else 200)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def address_string(self):
        return "local"

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socketserver.ThreadingUnixStreamServer("s", Handler) as server:
        server.answers = dict(ANSWERS)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(containers, "SYSTEM", (containers.Engine("docker", "s", "."), containers.Engine("podman", "s", "never/used")))
        monkeypatch.setattr(containers, "_rootless", lambda: ())
        yield server
        server.shutdown()


def test_containers_that_disappear_meanwhile_are_left_out(engine):
    body = containers.collect(Context())
    assert sorted(body["items"]) == ["container:docker/web", "image:docker/img:1"]
    assert body["note"] == "Read from docker."


def test_only_what_was_asked_for(engine):
    assert list(containers.collect(Context(only=["image:docker/img:1"]))["items"]) == ["image:docker/img:1"]


def test_an_engine_with_an_invalid_answer_fails_the_scope(engine):
    engine.answers["/networks"] = b"<html>"
    with pytest.raises(TwinError, match="docker answered /networks with something that is not JSON"):
        containers.collect(Context())
    del engine.answers["/networks"]
    with pytest.raises(TwinError, match="Reading docker failed: .*status 404"):
        containers.collect(Context())


def test_no_engine_is_an_empty_scope(monkeypatch):
    monkeypatch.setattr(containers, "SYSTEM", ())
    monkeypatch.setattr(containers, "_rootless", lambda: ())
    body = containers.collect(Context())
    assert (body["status"], body["items"]) == ("empty", {})
    assert body["note"].endswith(".")


def test_an_engine_that_cannot_be_read_is_told_beside_the_others(engine, monkeypatch):
    monkeypatch.setattr(containers, "SYSTEM", (containers.Engine("docker", "s", "."), containers.Engine("podman", "silent", ".")))
    open("silent", "wb").close()
    with pytest.raises(TwinError, match="podman"):
        containers.collect(Context())  # half a list would look like containers removed
    context = Context(tolerant=True)
    body = containers.collect(context)
    assert sorted(body["items"]) == ["container:docker/web", "image:docker/img:1"]
    assert body["note"].startswith("Read from docker. Reading podman failed: silent is not asked: This is no socket")
    assert len(context.missed) == 1


def test_an_engine_whose_files_this_user_may_not_see_is_told(monkeypatch):
    monkeypatch.setattr(containers, "SYSTEM", (containers.Engine("podman", "/run/podman/podman.sock", "/var/lib/containers/storage"),))
    monkeypatch.setattr(containers, "_rootless", lambda: ())
    monkeypatch.setattr(containers.os.path, "isdir", lambda path: path == "/run/podman")
    monkeypatch.setattr(containers.os, "access", lambda _path, _mode: False)
    body = containers.collect(Context())
    assert (body["status"], body["note"]) == ("empty", "Whether podman runs is unknown: /run/podman can be read by root only.")


@pytest.mark.hostile
def test_an_engine_of_a_user_is_asked_only_at_a_socket_of_that_user(engine, monkeypatch):
    def rootless():
        return [containers.Engine("docker@nobody", "s", ".", 65534)]

    monkeypatch.setattr(containers, "SYSTEM", ())
    monkeypatch.setattr(containers, "_rootless", rootless)
    os.chown("s", 65534, 65534)
    assert "container:docker@nobody/web" in containers.collect(Context())["items"]
    os.chown("s", 65533, 65533)
    body = containers.collect(Context())
    assert (body["items"], body["note"]) == ({}, "Reading docker@nobody failed: s is not asked: Another user can replace it.")


@pytest.mark.hostile
def test_the_engine_of_a_user_cannot_hide_the_engines_of_others(engine, monkeypatch):
    monkeypatch.setattr(containers, "_rootless", lambda: [containers.Engine("docker@nobody", "broken", ".", 65534)])
    os.symlink("s", "broken")
    os.lchown("broken", 65534, 65534)
    body = containers.collect(Context())
    assert sorted(body["items"]) == ["container:docker/web", "image:docker/img:1"]
    assert "Reading docker@nobody failed: broken is not asked: A link of an unprivileged user" in body["note"]
