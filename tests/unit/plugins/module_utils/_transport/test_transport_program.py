# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, replies and errors between machines."""
from __future__ import annotations

import base64
import errno
import os
import pathlib
import subprocess
import sys
import zlib

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, Refused, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program


def test_a_reply_survives_a_chatty_login():
    line = program.pack({"reply": {"name": "\udcff", "n": 1}})
    assert program.unpack(b"Welcome!\n" + line + b"\nlogout\n", "host") == {"name": "\udcff", "n": 1}


@pytest.mark.parametrize(("kind", "error"), [("busy", Busy), ("refused", Refused), ("error", TwinError)])
def test_errors_keep_their_type_across_machines(kind, error):
    with pytest.raises(error, match="^A sentence.$"):
        program.unpack(program.pack({"error": "A sentence.", "kind": kind}), "host")


@pytest.mark.parametrize(("wrong", "sentence"), [
    (OSError(errno.ENOSPC, "No space left on device", "/var/x"), "^web1: No space left on device \\(/var/x\\). Free space there; the next sync tries again.$"),
    (OSError(errno.EIO, "Input/output error"), "^web1: Input/output error.$"),
])
def test_an_error_of_the_machine_itself_is_a_sentence_that_names_it(wrong, sentence, capfdbinary):
    def work():
        raise wrong

    with pytest.raises(SystemExit):
        program.respond(work)
    with pytest.raises(TwinError, match=sentence):
        program.unpack(capfdbinary.readouterr().out, "web1")


def test_no_answer_is_a_sentence_with_what_was_said():
    with pytest.raises(TwinError, match="web1 gave no answer: python3: not found"):
        program.unpack(b"python3: not found\n", "web1")


@pytest.mark.parametrize("said", [
    b"safetytwin:", b"safetytwin:!!!", b"safetytwin:" + base64.b64encode(b"not compressed"), b"safetytwin:" + base64.b64encode(zlib.compress(b"\xff")),
    b"safetytwin:" + base64.b64encode(zlib.compress(b"{}" * 9)[:-6]), b"safetytwin:" + base64.b64encode(zlib.compress(b"[" * 100000)),
    *map(program.pack, ("text", ["reply"], {}, {"error": 5, "kind": "busy"}, {"error": None}, {"kind": "busy"})),
])
def test_an_answer_that_cannot_be_read_is_a_sentence(said):
    with pytest.raises(TwinError, match="^web1 gave an answer that cannot be read: install the same version of safetytwin.twin there and here.$"):
        program.unpack(b"Welcome!\n" + said + b"\n", "web1")


def test_an_error_of_a_kind_that_is_not_known_is_an_error():
    for kind in ("strange", None, ["busy"]):
        with pytest.raises(TwinError, match="^A sentence.$"):
            program.unpack(program.pack({"error": "A sentence.", "kind": kind}), "web1")


@pytest.mark.parametrize(("raises", "status"), [(False, 0), (True, 1)])
def test_a_program_between_standard_input_and_output(raises, status):
    code = (
        "from module_utils._transport import program; from module_utils._base import errors\n"
        "def work(request):\n    if request['fail']: raise errors.Refused('No.')\n    return request\n"
        "program.main(work)\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(__file__).resolve().parents[5] / "plugins"))
    request = b'{"fail": %s}' % (b"true" if raises else b"false")
    done = subprocess.run([sys.executable, "-c", code], input=request, capture_output=True, env=environment, check=False)
    assert done.returncode == status, done.stderr
    if raises:
        with pytest.raises(Refused, match="No."):
            program.unpack(done.stdout, "here")
    else:
        assert program.unpack(done.stdout, "here") == {"fail": False}
