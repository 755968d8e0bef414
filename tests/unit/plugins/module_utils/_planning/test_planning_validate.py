# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that any data from a host becomes a checked value or a sentence."""
from __future__ import annotations

import base64
import copy
import json
import pathlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import Busy, TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate import parse_harvest
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import DESIRED
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import delta, state_digest

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures"
STATE = json.loads((FIXTURES / "state/format-1.json").read_text(encoding="ascii"))["scopes"]
MACHINE = {
    "machine_id": "1" * 32, "boot_id": "cf266f06-b07f-4388-a86a-61a96c871652", "hostname": "web1", "architecture": "x86_64", "product_uuid": "",
    "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian GNU/Linux 12 (bookworm)", "like": []},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
EVIL = ["\0", "\x1b]0;x\x07", "\n", "../../x", "/etc/../x", "-o", "'; x", "{{ 1 }}", "\udcff", "a" * 100_000, 1, 2.5, None, True, [], {}, [[]], {"a": 1}]


def reply(state, **more):
    return dict({
        "format": 1, "machine": copy.deepcopy(MACHINE), "digest": state_digest(state), "base": None, "scopes": state, "blobs": {}, "missing": [],
        "telemetry": {}, "seconds": {"files": 1, "total": 1.5},
    }, **more)


def stored(harvest):
    return {"format": 1, **{name: harvest[name] for name in ("machine", "scopes", "declared", "kept_digest")}}


def outcome(document, previous=None, base=None):
    """(the harvest or None, the sentence that refuses it)."""
    try:
        return parse_harvest(document, previous, base, "web1"), ""
    except TwinError as error:
        return None, str(error)


def places(value, path=()):
    """Where each value of a document stands."""
    yield path
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, name))


def replaced(document, path, value):
    made = copy.deepcopy(document)
    node = made
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return made


def test_a_real_state_passes_unchanged():
    harvest = parse_harvest(reply(STATE), None, None, "web1")
    assert harvest["scopes"] == STATE and harvest["digest"] == state_digest(STATE) and harvest["violations"] == []
    assert harvest["machine"] == MACHINE and harvest["seconds"] == {"files": 1.0, "total": 1.5}


@given(JSON | st.dictionaries(st.sampled_from(list(reply({}))), JSON))
@example(reply({}, format=True))
@example(reply({}, seconds={"a": 10**400, "b": float("nan")}))
@settings(deadline=None)
def test_any_document_gives_a_value_or_a_sentence(document):
    sentence = outcome(document)[1]
    assert len(sentence) < 1000 and sentence.isprintable()


@given(st.sampled_from(list(places(reply(STATE)))[1:]), st.sampled_from(EVIL) | JSON)
@settings(max_examples=400, deadline=None)
def test_every_change_of_a_real_harvest_is_checked(path, value):
    known = parse_harvest(reply(STATE), None, None, "web1")
    harvest, sentence = outcome(replaced(reply(STATE), path, value), stored(known), known["digest"])
    assert len(sentence) < 1000 and sentence.isprintable()
    for scope, body in (harvest["scopes"] if harvest else {}).items():
        assert parse_harvest(reply({scope: dict(body, excluded={})}), None, None, "web1")["violations"] == [], "a checked harvest passes the checks again"


FIELDS = [(scope, kind, name, field.lane) for scope, row in SCHEMA.items() for kind, fields in row.kinds.items() for name, field in fields.items()]


@pytest.mark.parametrize(("scope", "kind", "name", "lane"), FIELDS)
def test_an_item_with_a_bad_field_is_left_out_alone(scope, kind, name, lane):
    """A field that is never compared goes alone: the item is as good without it."""
    key = {"files": "/etc/a", "packages": "ab:amd64", "services": "a.service"}.get(scope, kind if scope == "hardware" else kind + ":a")
    key = kind + ":docker/a" if scope == "containers" else {"disk": "disk:a", "filesystem": "filesystem:/", "nic": "nic:a"}.get(kind, key)
    state = copy.deepcopy(STATE)
    state[scope]["items"][key] = {name: "\x1b" + "a" * 70000}
    harvest = parse_harvest(reply(state), None, None, "web1")
    body = harvest["scopes"][scope]
    if lane == DESIRED or key in body["excluded"]:
        assert body["excluded"][key].startswith("invalid") and name in body["excluded"][key]
    else:
        assert body["items"][key] == {} and key not in body["excluded"]
        assert len(harvest["violations"]) == 1 and name in harvest["violations"][0]
    assert [scope for scope in STATE if harvest["scopes"][scope]["items"].keys() - {key} != STATE[scope]["items"].keys() - {key}] == []


@pytest.mark.parametrize(("field", "value"), [
    ("machine_id", ""), ("machine_id", "zz"), ("architecture", "x86_64\"; x"), ("architecture", "../x"), ("hostname", "a b"), ("boot_id", "1"),
    ("distribution", {}), ("distribution", dict(MACHINE["distribution"], version_id="../../x")),
    ("distribution", dict(MACHINE["distribution"], codename="--logfile=x")), ("distribution", dict(MACHINE["distribution"], like=["a\n"])),
])
def test_a_machine_that_breaks_a_rule_is_refused(field, value):
    document = reply(STATE)
    document["machine"][field] = value
    with pytest.raises(TwinError, match="does not say validly which machine it is of: machine has .*%s" % field):
        parse_harvest(document, None, None, "web1")


@pytest.mark.parametrize(("part", "value", "words"), [
    ("digest", "x", "its digest is not a SHA-256"), ("base", "x", "its base is not"), ("scopes", [], "no valid scopes"), ("blobs", None, "no valid blobs"),
    ("scopes", {"toys": {}}, "a scope that this version does not know"), ("digest", "a" * 64, "arrived damaged"),
])
def test_an_envelope_that_breaks_a_rule_is_refused(part, value, words):
    with pytest.raises(TwinError, match=words):
        parse_harvest(reply(STATE, **{part: value}), None, None, "web1")


def test_what_is_refused_is_told_as_long_as_the_host_says_it():
    bad = copy.deepcopy(STATE)
    bad["files"]["items"]["/opt/a"] = {"type": "file", "mode": "rwx", "owner": "root", "group": "root", "size": 1, "digest": "a" * 64}
    first = parse_harvest(reply(bad), None, None, "web1")
    (sentence,) = first["violations"]
    assert sentence.startswith("files /opt/a is refused: it has a mode that ") and sentence.endswith(".")
    known = {name: first[name] for name in ("machine", "scopes", "declared", "kept_digest")}
    then = copy.deepcopy(bad)
    then["accounts"]["items"]["group:new"] = {"gid": 4711, "members": []}
    later = parse_harvest(reply(delta(bad, then), base=first["digest"], digest=state_digest(then)), dict(known, format=1), first["digest"], "web1")
    assert later["violations"] == [sentence], "the scope with it was not sent again"
    del then["files"]["items"]["/opt/a"]
    change = delta(bad, then)
    last = parse_harvest(reply(change, base=first["digest"], digest=state_digest(then)), dict(known, format=1), first["digest"], "web1")
    assert last["violations"] == []


def test_a_delta_of_the_same_digest_is_checked_as_well():
    known = parse_harvest(reply(STATE), None, None, "web1")
    other = copy.deepcopy(STATE)
    other["accounts"]["items"]["user:ola"]["shell"] = "/bin/false"
    with pytest.raises(TwinError, match="damaged"):
        parse_harvest(reply(STATE, base=known["digest"], scopes=delta(STATE, other)), stored(known), known["digest"], "web1")


def test_a_delta_to_another_state_waits():
    known = parse_harvest(reply(STATE), None, None, "web1")
    with pytest.raises(Busy, match="no longer the newest"):
        parse_harvest(reply(STATE, base="b" * 64), stored(known), known["digest"], "web1")
    with pytest.raises(Busy, match="no longer the newest"):
        parse_harvest(reply(STATE, base="b" * 64), None, None, "web1")


@pytest.mark.parametrize(("change", "words"), [
    ({"items": {str(number): {} for number in range(SCHEMA["hardware"].most + 1)}}, "has more than %d items" % SCHEMA["hardware"].most),
    ({"status": "good"}, "has no valid status"), ({"note": 1}, "has no valid note"), ({"excluded": []}, "has no valid excluded"),
])
def test_a_scope_that_breaks_a_rule_fails_alone(change, words):
    known = parse_harvest(reply(STATE), None, None, "web1")
    harvest = parse_harvest(reply(STATE, scopes=dict(STATE, hardware=dict(STATE["hardware"], **change))), stored(known), known["digest"], "web1")
    assert harvest["scopes"]["hardware"] == dict(STATE["hardware"], status="failed", note="The scope hardware %s; its last valid state is kept." % words)
    assert {scope: harvest["scopes"][scope] for scope in STATE if scope != "hardware"} == {scope: STATE[scope] for scope in STATE if scope != "hardware"}


@pytest.mark.parametrize(("key", "reason", "words"), [
    ("/etc/a", "because", "no known code"), ("/etc/a", "unreadable: \x1b[2J", "its reason is not text"), ("/etc/../a", "unreadable", "its key is not"),
    ("/etc/a", {"deep": []}, "its reason is not text"), ("-" * 5000, "unreadable", "its key is longer"),
])
def test_an_exclusion_that_breaks_a_rule_is_replaced(key, reason, words):
    state = copy.deepcopy(STATE)
    state["files"]["excluded"][key] = reason
    excluded = parse_harvest(reply(state), None, None, "web1")["scopes"]["files"]["excluded"]
    (shown,) = excluded.keys() - STATE["files"]["excluded"].keys()
    assert words in excluded[shown] and excluded[shown].startswith("invalid: ") and len(shown) <= 240 and shown.isprintable()


def test_only_contents_that_the_state_names_are_accepted():
    state = copy.deepcopy(STATE)
    state["files"]["items"]["/etc/nginx/nginx.conf"]["digest"] = digest(b"conf")
    blobs = {digest(content): base64.b64encode(content).decode() for content in (b"conf", b"foreign")}
    harvest = parse_harvest(reply(state, blobs=dict(blobs, **{"../../x": "eA=="}), missing=["a" * 64, "../x", 1]), None, None, "web1")
    assert harvest["blobs"] == {digest(b"conf"): b"conf"} and len(harvest["violations"]) == 2 and harvest["missing"] == ["a" * 64]


def test_telemetry_is_bounded():
    assert parse_harvest(reply(STATE, telemetry={"load": {"a": 1.5}, "other": {}}), None, None, "web1")["telemetry"] == {"load": {"a": 1.5}}
    deep = {}
    for _level in range(100):
        deep = {"a": deep}
    assert parse_harvest(reply(STATE, telemetry={"load": deep}), None, None, "web1")["telemetry"] == {}
