# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._secrets import redact

TABLE = json.loads((pathlib.Path(__file__).parents[3] / "fixtures/redact/files.json").read_text())


@pytest.mark.parametrize(("path", "content"), TABLE["secret"])
def test_secrets_are_found(path, content):
    assert redact.secret_in(path, content.encode())


@pytest.mark.parametrize(("path", "content"), TABLE["harmless"])
def test_references_and_formats_are_not_secrets(path, content):
    assert redact.secret_in(path, content.encode()) is None


def test_a_key_inside_a_binary_is_found():
    assert redact.secret_in("/opt/a", b"\0\1-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIGlRPGmhM0xVw\n")


@pytest.mark.parametrize(("argv", "shown"), [
    (["app", "--password=hunter2", "--port=80"], ["app", "--password=[redacted]", "--port=80"]),
    (["app", "--api-token", "abc", "x"], ["app", "--api-token", "[redacted]", "x"]),
    (["app", "--token", "--verbose"], ["app", "--token", "--verbose"]),
    (["/usr/bin/mysql", "-phunter2", "-u", "web"], ["/usr/bin/mysql", "-p[redacted]", "-u", "web"]),
    (["tar", "-pxf", "a"], ["tar", "-pxf", "a"]),
    (["app", "postgres://web:hunter2@db/shop"], ["app", "postgres://web:[redacted]@db/shop"]),
    (["app", "--password=$PW"], ["app", "--password=$PW"]),
    ([], []),
])
def test_command_lines(argv, shown):
    assert redact.redact_argv(argv) == shown


@pytest.mark.parametrize(("pair", "shown"), [
    ("POSTGRES_PASSWORD=hunter2", "POSTGRES_PASSWORD=[redacted]"),
    ("DB_PASS=x", "DB_PASS=[redacted]"),
    ("POSTGRES_PASSWORD_FILE=/run/secrets/db", "POSTGRES_PASSWORD_FILE=/run/secrets/db"),
    ("PATH=/usr/bin", "PATH=/usr/bin"),
    ("DSN=redis://:hunter2@cache/0", "DSN=redis://:[redacted]@cache/0"),
    ("SECRET", "SECRET"),
])
def test_environments(pair, shown):
    assert redact.redact_env([pair]) == [shown]


PIECES = ["password", "_token", "secret", "=", ": ", '"', "'", "\\", "hunter2", "@", "://", "a:", "\n", " ", "#", "$6$", "AKIA", "{", ",", "\ud800", "İ"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
@example("password=#: password")
def test_any_text_can_be_redacted_twice(value):
    once = redact.redact_text(value)
    assert redact.redact_text(once) == once


@given(st.binary())
def test_any_content_can_be_examined(content):
    redact.secret_in("/etc/a", content)


def test_a_text_with_too_many_candidates_counts_as_a_secret():
    many = "use_password=abc,\n" * (redact.EXAMINED + 1)
    assert redact.secret_in("/etc/a", many.encode()) == "more than 20000 values with the names of secrets"
    assert redact.redact_text(many) == redact.REDACTED
    assert redact.secret_in("/etc/a", many[:len(many) // 10].encode()) is None
