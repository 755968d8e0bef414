# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: each target takes any bytes and raises if they have an effect that no bytes may have.

tests/prove/fuzz/fuzz.py searches for such bytes; the inputs that it kept are replayed by test_hostile_fuzz.py.
"""
from __future__ import annotations

import functools
import json
from typing import Any, Callable

import examples

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate import parse_harvest
from ansible_collections.safetytwin.twin.plugins.module_utils._planning.validate_reply import parse_apply, parse_twin
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import HostDocument
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.registry import SCHEMA
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.state import state_digest
from ansible_collections.safetytwin.twin.plugins.module_utils._secrets import redact
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import program

LONGEST = 4096  # characters of a sentence
MACHINE = {
    "machine_id": "1" * 32, "boot_id": "cf266f06-b07f-4388-a86a-61a96c871652", "hostname": "web1", "architecture": "x86_64", "product_uuid": "",
    "distribution": {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian GNU/Linux 12 (bookworm)", "like": []},
}
PATHS = ("/etc/a.conf", "/etc/a.py", "/etc/pam.d/a", "/root/.netrc")


def real_reply(**more: Any) -> dict[str, Any]:
    """A harvest as a host sends it."""
    scopes = examples.scopes()
    return dict({
        "format": 2, "machine": json.loads(json.dumps(MACHINE)), "digest": state_digest(scopes), "base": None, "scopes": scopes, "blobs": {},
        "missing": [], "telemetry": {}, "seconds": {"files": 1, "total": 1.5},
    }, **more)


@functools.lru_cache(maxsize=None)
def stored() -> tuple[HostDocument, str]:
    """The document of a known host, and its digest."""
    harvest = parse_harvest(real_reply(), None, None, "web1")
    document: HostDocument = {
        "format": 2, "machine": harvest["machine"], "scopes": harvest["scopes"], "declared": harvest["declared"], "kept_digest": harvest["kept_digest"],
    }
    return document, harvest["digest"]


def sentence_of(work: Callable[[], Any]) -> Any:
    """What work() returns; None if it refuses its input with a sentence that may stand in a log."""
    try:
        return work()
    except TwinError as error:
        said = str(error)
        assert said.isprintable() and 0 < len(said) <= LONGEST, "no sentence for a log: %r" % said[:200]
        return None


def declared(document: Any) -> Any:
    """The document with the digest that its scopes have, if they can have one: an attacker can calculate it."""
    if isinstance(document, dict) and document.get("digest") == "":
        try:
            document["digest"] = state_digest(document["scopes"])
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
            pass
    return document


def check_scopes(scopes: Any) -> None:
    """What has passed the checks passes them again unchanged."""
    sent = {name: dict(body, excluded={}) for name, body in scopes.items()}
    again = parse_harvest(real_reply(scopes=sent, digest=state_digest(sent)), None, None, "web1")
    assert again["violations"] == [], again["violations"][:3]


def door(data: bytes) -> None:
    """A harvest: the first byte says whether the host is known, the rest is JSON; an empty digest is replaced by the right one."""
    try:
        document = declared(json.loads(data[1:].decode("utf-8", "surrogatepass")))
    except (RecursionError, UnicodeDecodeError, ValueError):
        return
    known = data[:1] == b"k"
    if known and isinstance(document, dict) and document.get("base") == "":
        document["base"] = stored()[1]
    harvest = sentence_of(lambda: parse_harvest(document, *(stored() if known else (None, None)), "web1"))
    if harvest:
        assert all(line.isprintable() and len(line) <= LONGEST for line in harvest["violations"])
        check_scopes(harvest["scopes"])


def redactor(data: bytes) -> None:
    """The first byte chooses a function of the redactor, the rest is its input."""
    choice, content = data[:1], data[1:]
    value = content.decode("utf-8", "surrogateescape")
    if choice in {b"0", b"1", b"2", b"3"}:
        redact.secret_in(PATHS[int(choice)], content)
    elif choice == b"a":
        shown = redact.redact_argv(value.split("\0"))
        assert len(shown) == len(value.split("\0"))
        assert redact.redact_argv(shown) == shown, "a second pass finds more"
    elif choice == b"e":
        shown = redact.redact_env(value.split("\0"))
        assert redact.redact_env(shown) == shown, "a second pass finds more"
    else:
        shown = redact.redact_text(value)
        assert redact.redact_text(shown) == shown, "a second pass finds more"


def reply(data: bytes) -> None:
    """The first byte says what the output of a program in a twin is for: raw output, or JSON that is packed as a reply."""
    choice, content = data[:1], data[1:]
    if choice == b"r":
        sentence_of(lambda: program.unpack(content, "The twin twin-a"))
        return
    try:
        packed = program.pack(json.loads(content.decode("utf-8", "surrogatepass")))
    except (RecursionError, UnicodeDecodeError, ValueError):
        return
    said = sentence_of(lambda: program.unpack(packed, "The twin twin-a"))
    before = stored()[0]["scopes"]
    if choice == b"t":
        scopes = sentence_of(lambda: parse_twin(said, SCHEMA, before, "twin-a"))
    else:
        applied = sentence_of(lambda: parse_apply(said, {"a", "b"}, before, "twin-a"))
        scopes = applied and applied["scopes"]
        assert not applied or all(row["failed"] is None or row["failed"].isprintable() for row in applied["results"])
    if scopes:
        check_scopes({name: body for name, body in scopes.items() if body["status"] != "failed"})


TARGETS: dict[str, Callable[[bytes], None]] = {"door": door, "redactor": redactor, "reply": reply}
