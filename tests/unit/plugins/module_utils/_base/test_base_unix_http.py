# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import os
import socketserver
import threading
import time

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.unix_http import call


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(b"%s %s %s" % (self.path.encode(), self.headers["X-Word"].encode(), body))

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"a" * (1 if self.path == "/drip" else 65536))
                time.sleep(0.02 if self.path == "/drip" else 0)
        except OSError:
            pass  # the caller has had enough

    def address_string(self):
        return "local"

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socketserver.ThreadingUnixStreamServer("s", Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "s"
        server.shutdown()


def test_method_url_headers_and_body_arrive(service):
    assert call(service, "POST", "/RPC2", b"body", {"X-Word": "w"}) == b"/RPC2 w body"


def test_a_refusal_is_a_sentence_with_its_status(service):
    with pytest.raises(TwinError, match="s refused /gone with status 404: /gone w b"):
        call(service, "POST", "/gone", b"b", {"X-Word": "w"})


@pytest.mark.hostile
def test_a_socket_of_another_user_is_not_asked(service):
    os.chown(service, 65534, 65534)
    with pytest.raises(TwinError, match="s is not asked: Another user can replace it"):
        call(service, "POST", "/RPC2", b"body", {"X-Word": "w"})
    assert call(service, "POST", "/RPC2", b"body", {"X-Word": "w"}, owner=65534) == b"/RPC2 w body"


def test_a_service_that_does_not_answer_gives_a_sentence(tmp_path):
    with pytest.raises(TwinError, match="does not answer: .*No such file"):
        call(str(tmp_path / "absent"), "GET", "/")


@pytest.mark.hostile
@pytest.mark.parametrize(("url", "sentence"), [("/drip", "s does not answer: timed out"), ("/endless", "s answers /endless with more than 4 MiB")])
def test_an_answer_without_end_is_a_sentence(service, url, sentence):
    with pytest.raises(TwinError, match=sentence):
        call(service, "GET", url, timeout=1 if url == "/drip" else 60)
