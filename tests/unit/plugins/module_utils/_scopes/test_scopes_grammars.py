# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that the grammar of each field refuses what its values may not contain; the cases are made from the schema."""
from __future__ import annotations

import re

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes import grammars
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.checks import ScopeCheck, check_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.grammars import Flag, Listing, Mapping, Number, Record, Text, Tree
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA

FIELDS = [
    pytest.param(field, id="%s.%s.%s" % (scope, kind, name))
    for scope, row in SCHEMA.items() for kind, fields in row.kinds.items() for name, field in fields.items()
]
KEYS = [pytest.param(scope, kind, id="%s.%s" % (scope, kind)) for scope, row in SCHEMA.items() for kind in row.kinds]
LONG = "a" * 10_000_000
WRONG_TYPES = ["text", 7, 7.5, True, [], {}, ["text"], {"a": 1}]
# Grammars whose values are paths, where any byte but NUL may stand, or text for people; every other one takes words alone.
PATHS = {grammars.PATH.pattern, grammars.LINK_TARGET.pattern, grammars.PROGRAM.pattern}
FREE = {grammars.text(1).pattern, grammars.BLOCK.pattern, grammars.GECOS.pattern, grammars.LINK_TARGET.pattern}
CONTROL = ["\0", "\x07", "\x1b[2J", "\x7f", "\x9b", "\udcff"]


def texts(shape):
    """All grammars inside a shape, with what wraps a text so that it is a value of the shape."""
    if isinstance(shape, Text):
        yield shape, lambda value: value
    elif isinstance(shape, Listing):
        for inner, wrap in texts(shape.each):
            yield inner, lambda value, wrap=wrap: [wrap(value)]
    elif isinstance(shape, Record):
        for name, member in shape.members.items():
            for inner, wrap in texts(member):
                yield inner, lambda value, wrap=wrap, name=name: {name: wrap(value)}
    elif isinstance(shape, Mapping):
        yield shape.key, lambda value: {value: []}
        for inner, wrap in texts(shape.value):
            yield inner, lambda value, wrap=wrap: {"after": wrap(value)}
    elif isinstance(shape, Tree):
        yield shape.text, lambda value: {"a": [value]}
        yield shape.text, lambda value: {value: 1}


def example(text):
    """A value that a grammar takes."""
    candidates = ["a", "a" * 64, "/etc/a", "1.2-3", "0644", "file", "installed", "active", "uefi", "52:54:00:00:00:01", "192.0.2.7/24", "a.service", "ab",
                  "requires", "tcp 0.0.0.0:80", ""]
    return next(value for value in candidates if check_of(text)(value) is None)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_refuses_characters_that_its_values_never_have(field):
    check = check_of(field.shape)
    for inner, wrap in texts(field.shape):
        good = example(inner)
        taken = set(CONTROL[1:]) if inner.pattern in PATHS else {"\udcff"} if inner is grammars.GECOS else set()
        bad = [*(set(CONTROL) - taken), LONG, "a" * (inner.longest + 1)]
        if inner.pattern == grammars.HOME.pattern:
            bad += ["a", "-a", "..", "/..", "/a/../../b", "//a", "/a:b", "/a\n"]
        elif inner.pattern not in FREE | PATHS:
            bad += ["-o" + good, "--" + good, good + "\n", good + " ; x", good + "'", good + '"', good + "{{", "..", "../" + good, good + "/../x"]
        if inner.pattern == grammars.PATH.pattern:
            bad += ["", "a", "-a", "..", "/..", "/a/../b", "/a/..", "/./a", "/a/.", "//a", "/a//b", "/a/"]
        for value in bad:
            assert check(wrap(value)), "%r passes" % value[:40]


# Fields whose values people write or the kernel prints: no program reads them. Every other text has a grammar of its own.
PROSE = {
    "containers.container.spec", "containers.container.state", "containers.network.spec", "containers.volume.spec", "hardware.cpu.model",
    "hardware.disk.model", "hardware.distribution.name", "hardware.filesystem.options", "hardware.filesystem.source", "hardware.firmware.vendor",
    "hardware.kernel.command_line", "packages..origin", "services..last_trigger",
}


def test_only_fields_that_are_listed_take_any_text():
    """A new field of text fails here until it has a grammar, or is named in PROSE."""
    free = {grammars.text(1).pattern, grammars.BLOCK.pattern}
    found = {field.id for field in FIELDS if any(inner.pattern in free for inner, _wrap in texts(field.values[0].shape))}
    assert found == PROSE
    assert not [field.id for field in FIELDS for inner, _wrap in texts(field.values[0].shape) if re.fullmatch(inner.pattern, "a\0") or inner.longest > 65536]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_refuses_values_of_another_type(field):
    check = check_of(field.shape)
    allowed = {Text: str, Number: int, Flag: bool, Listing: list, Record: dict, Mapping: dict, Tree: dict}[type(field.shape)]
    assert all(check(value) for value in WRONG_TYPES if value.__class__ is not allowed)


@pytest.mark.parametrize("field", FIELDS)
def test_every_number_and_list_has_bounds(field):
    check, shape = check_of(field.shape), field.shape
    if isinstance(shape, Number):
        assert check(shape.least) is None and check(shape.most) is None
        assert check(shape.least - 1) and check(shape.most + 1) and check(10**4000)
    if isinstance(shape, Listing):
        inner = next(texts(shape))
        assert check(inner[1](example(inner[0])) * (shape.most + 1)) == "has more than %d entries" % shape.most
    if isinstance(shape, Tree):
        deep = value = {}
        for _level in range(2000):
            value["a"] = value = {}
        assert "deep" in check(deep)
        assert "more than" in check({"a": [1] * shape.most})


@pytest.mark.parametrize(("scope", "kind"), KEYS)
def test_every_key_refuses_characters_that_names_never_have(scope, kind):
    check, grammar = ScopeCheck(SCHEMA[scope]).key, SCHEMA[scope].keys[kind]
    prefix = kind + ":" if kind else ""
    names = {"files": "/etc/a", "packages": "ab:amd64", "services": "a.service", "containers": "docker/a", "filesystem": "/a"}
    good = prefix + names.get(kind, names.get(scope, "a")) if ":" in grammar.pattern or not kind else kind
    assert check(good) is None
    is_path = grammar.pattern.endswith(grammars.PATH.pattern + ")") or grammar is grammars.PATH
    bad = [prefix + rest for rest in ("", "-o/a", "..", "../a", "/a/../b", "/a/.", "//a", LONG)] + [good + "\0", good + "/", "\n" + good]
    bad += [] if is_path else [good + control for control in CONTROL] + [good + "\n", good + "'", good + '"', good + ";"]
    assert not [key[:40] for key in bad if key not in ("", kind) and check(key) is None]
    assert kind == "" or check("x" + good)


@pytest.mark.parametrize("grammar", [grammars.PATH, grammars.LINK_TARGET, grammars.PROGRAM, grammars.GECOS])
def test_of_surrogates_only_the_escapes_of_bytes_pass(grammar):
    """Others are no file's name: they cannot be encoded, and the first program to try would end with a traceback."""
    check = check_of(grammar)
    assert not check("/a\udc80") and not check("/a\udcff")
    assert [value for value in ("/a\ud800", "/a\udc7f", "/a\udd00", "/a\udfff") if not check(value)] == []


def test_names_of_files_may_hold_any_other_byte():
    check = ScopeCheck(SCHEMA["files"]).item
    item = {"type": "link", "owner": "root", "group": "0", "target": "../a b\n\x1b\udce9"}
    assert check("/etc/a b\n\x1b\udce9", item) is None


@pytest.mark.parametrize(("item", "rule"), [
    ({"type": "file", "owner": "a", "group": "a", "mode": "0644", "size": 1}, "no digest"),
    ({"type": "link", "owner": "a", "group": "a"}, "no target"),
    ({"owner": "a", "group": "a"}, "no type"),
    ({"type": "dir", "owner": "a", "group": "a", "mode": "0755", "colour": "red"}, "does not know"),
    ([], "not an object"),
    (None, "not an object"),
])
def test_an_item_has_what_the_code_reads(item, rule):
    assert rule in ScopeCheck(SCHEMA["files"]).item("/etc/a", item)


@pytest.mark.parametrize("value", ["1.2", "1:1.2-3~bpo12+1", "2.36-9+deb12u10", "0~20210101", "1:2:3"])
def test_versions_are_those_of_debian(value):
    assert check_of(grammars.VERSION)(value) is None


@pytest.mark.parametrize("value", ["", "-1", "1.2 3", "1/2", "~1", "a:1", "1.2\n"])
def test_other_versions_are_refused(value):
    assert check_of(grammars.VERSION)(value)


@pytest.mark.parametrize("value", ["ssh.service", "getty@tty1.service", "dev-disk-by\\x2duuid.swap", "a:b.target", "system-getty.slice"])
def test_units_are_those_of_systemd(value):
    assert check_of(grammars.UNIT)(value) is None and check_of(grammars.UNIT)("-" + value)


@pytest.mark.parametrize("value", ["user@ola/backup.timer", "sysv:cron", "supervisor:web:worker 1", "snap:lxd.daemon", "foo@.service"])
def test_other_services_have_their_prefix(value):
    assert ScopeCheck(SCHEMA["services"]).key(value) is None


@pytest.mark.parametrize("value", ["root", "www-data", "domain users", "j\u00f3zef", "pc12$", "4294967294", "_apt", "Debian-exim"])
def test_accounts_are_those_of_old_machines_too(value):
    assert check_of(grammars.ACCOUNT)(value) is None


@pytest.mark.parametrize("value", ["", "-a", ".a", "..", " a", "a ", "a  b", "a/b", "a:b", "a,b", "a\n", "$a", "a\\b", "a'b", "a@b", "\u202ea", "a{{"])
def test_other_accounts_are_refused(value):
    assert check_of(grammars.ACCOUNT)(value)


def test_grammars_take_linear_time():
    """A million characters that nearly match: a pattern of quadratic time does not come to an end on them."""
    found = {inner.pattern: inner._replace(longest=10**9) for field in FIELDS for inner, _wrap in texts(field.values[0])}
    found.update((row.keys[kind].pattern, row.keys[kind]._replace(longest=10**9)) for row in SCHEMA.values() for kind in row.keys)
    for text in found.values():
        check = check_of(text)
        for prefix in ("", "user:", "/", "1:", "user@a/", "container:docker/"):
            for piece in ("a", "/a", "a.", ".", "a:", "a-", "0", "\\", "00:"):
                check(prefix + piece * (1_000_000 // len(piece)) + "\0")
