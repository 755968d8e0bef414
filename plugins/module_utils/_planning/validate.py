# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks everything that a host sends, once; after that the values are typed. Pure.

A broken rule in the envelope refuses the harvest. One in an item or scope costs that item or scope alone, see validate_scopes.

Deltas: a host's digest covers everything that it sent. The document therefore holds, besides the checked scopes, the digest of each scope as it was
sent and of each item that was left out (`declared`). They allow a check of the digest of a later delta although those items are not stored. If that is
not possible, the harvest gets a digest that no host knows, so that the host's next answer is whole.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .._base.codec import digest, printable
from .._base.errors import Busy, TwinError
from .._base.reasons import code_of
from .._scopes.checks import check_of, check_once
from .._scopes.grammars import BLOCK, DIGEST, DISTRIBUTION, MACHINE, NOTHING, UUID, WORD, Listing, Record, Text, Tree, either, text
from .._scopes.model import Declared, Harvest, HostDocument, Machine, Scopes
from .._scopes.registry import SCHEMA, TELEMETRY
from .._scopes.state import migrate, scope_digest, state_digest
from .validate_scopes import parse_scope, sentence

_MACHINE_ID = Text("machine id", r"[0-9a-f]{32}", 32, "a machine-id as in machine-id(5); `systemd-machine-id-setup` makes one")
_HOSTNAME = Text("hostname", r"(?:\(none\)|[A-Za-z0-9_][A-Za-z0-9_.-]*)?", 64, "a host name of letters, digits and `_.-`")
_ID = either(DISTRIBUTION.doc, DISTRIBUTION, NOTHING)
_UUID = either(UUID.doc, UUID, NOTHING)
MACHINE_PART = Record({
    "machine_id": _MACHINE_ID, "boot_id": _UUID, "hostname": _HOSTNAME, "architecture": MACHINE, "product_uuid": _UUID,
    "distribution": Record({
        "id": _ID, "version_id": _ID, "codename": _ID, "name": text(256), "like": Listing(DISTRIBUTION, 16),
    }, needed=("id", "version_id", "codename", "name", "like")),
}, needed=("machine_id", "boot_id", "hostname", "architecture", "product_uuid", "distribution"))
_TELEMETRY = Tree(BLOCK, depth=10, most=500000)
_check_machine, _check_telemetry = check_of(MACHINE_PART), check_of(_TELEMETRY)
LEFT_OUT = ("invalid", "invalid_last_kept")
BLOBS, BLOB = 100000, 8 << 20  # contents in one reply, bytes of one


def parse_harvest(raw: Any, previous: HostDocument | None, base: str | None, where: str) -> Harvest:
    """The checked reply of _harvest from the host named where.

    previous is the host's document as the store has it, base the digest it is stored under; both None for a host that is not known yet.
    TwinError where the envelope breaks a rule, Busy where the harvest builds on another state than base.
    """
    what = "The harvest of %s" % where
    raw, said, on = parse_envelope(raw, what)
    if on is not None and (previous is None or on != base):
        raise Busy("%s was made against a state that is no longer the newest: the next cycle takes it." % what)
    scopes, declared, violations = _scopes(raw, previous if on is not None else None, previous)
    usable = scopes.keys() == declared.keys()
    if usable and (raw["scopes"] or said != on) and _said_digest(declared) != said:
        raise TwinError("%s arrived damaged (its digest differs): run the sync again." % what)
    machine: Machine = raw["machine"]
    blobs = _blobs(raw["blobs"], {item.get("digest") for item in scopes["files"]["items"].values()} if "files" in scopes else set(), violations)
    return {
        "machine": machine, "digest": said if usable else digest(["not to build on", said]), "scopes": scopes, "declared": declared,
        "kept_digest": None if usable and not _left_out(scopes) else state_digest(scopes),
        "blobs": blobs, "missing": [name for name in raw["missing"] if check_once(DIGEST)(name) is None],
        "telemetry": _telemetry(raw["telemetry"], violations), "seconds": parse_seconds(raw["seconds"]), "violations": violations,
    }


def parse_envelope(raw: Any, what: str) -> tuple[dict[str, Any], str, str | None]:
    """(what a host sent, in today's format, the digest that the host declares, the digest it builds on or None); what is in the scopes is not checked."""
    if not isinstance(raw, dict):
        raise TwinError("%s is not an object: run the sync again." % what)
    raw = migrate(raw, what)
    for name, kind in (("scopes", dict), ("blobs", dict), ("missing", list), ("telemetry", dict), ("seconds", dict)):
        if not isinstance(raw.get(name), kind):
            raise TwinError("%s has no valid %s: install the same version of safetytwin.twin on the host and here." % (what, name))
    wrong = _check_machine(raw.get("machine"))
    if wrong:
        raise TwinError("%s does not say validly which machine it is of: machine %s." % (what, wrong))
    for name in ("digest", "base"):
        wrong = check_once(DIGEST)(raw.get(name))
        if wrong and not (name == "base" and raw.get(name) is None):
            raise TwinError("%s is refused: its %s %s." % (what, name, wrong))
    if len(raw["blobs"]) > BLOBS or len(raw["missing"]) > BLOBS or len(raw["scopes"]) > len(SCHEMA):
        raise TwinError("%s is refused: it has more parts than a harvest can have." % what)
    if raw["scopes"].keys() - SCHEMA.keys():
        raise TwinError("%s has a scope that this version does not know: install the same version of safetytwin.twin on the host and here." % what)
    return raw, raw["digest"], raw.get("base")


def _scopes(raw: dict[str, Any], base: HostDocument | None, previous: HostDocument | None) -> tuple[Scopes, dict[str, Declared], list[str]]:
    """(all scopes, what was declared of each that a delta can build on, what is left out now); base is None where the harvest is whole."""
    scopes: Scopes = dict(base["scopes"]) if base else {}
    declared = _declared(base) if base else {}
    violations: list[str] = []
    for scope, body in raw["scopes"].items():
        before = previous["scopes"].get(scope) if previous else None
        known = declared.pop(scope, None)
        parsed = parse_scope(scope, body, before, known, whole=base is None or scope not in base["scopes"])
        scopes[scope] = parsed.body
        violations += parsed.violations
        if parsed.declared is not None:
            declared[scope] = parsed.declared
    violations += [sentence(scope, key, wrong) for scope in sorted(declared.keys() - raw["scopes"].keys())
                   for key, (_digest, wrong) in sorted(declared[scope]["withheld"].items())]
    return scopes, declared, violations


def _declared(document: HostDocument) -> dict[str, Declared]:
    """What the host declared about its scopes; a document from before these checks contains everything that the host sent."""
    if "declared" in document:
        return dict(document["declared"])
    return {scope: {"digest": scope_digest(scope, body), "withheld": {}} for scope, body in document["scopes"].items()}


def _left_out(scopes: Scopes) -> bool:
    """Whether something in the scopes differs from what the host sent."""
    return any(code_of(reason) in LEFT_OUT for body in scopes.values() for reason in body["excluded"].values())


def _said_digest(declared: dict[str, Declared]) -> str:
    return digest([[scope, declared[scope]["digest"]] for scope in sorted(declared)])


def _blobs(raw: dict[str, Any], wanted: set[Any], violations: list[str]) -> dict[str, bytes]:
    """{digest: content} of the contents that the state names and whose digest is right."""
    found = {}
    for name, content in raw.items():
        decoded = _decoded(content) if name in wanted else None
        if decoded is not None and digest(decoded) == name:
            found[name] = decoded
        else:
            violations.append("A content was left out: it is not what its digest says, or no file has it.")
    return found


def _decoded(content: Any) -> bytes | None:
    if not isinstance(content, str) or len(content) > BLOB * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None


def _telemetry(raw: dict[str, Any], violations: list[str]) -> dict[str, Any]:
    found = {name: value for name, value in raw.items() if name in TELEMETRY}
    wrong = _check_telemetry(found)
    if wrong:
        violations.append("Telemetry was left out: it %s." % wrong)
    return {} if wrong else found


def parse_seconds(raw: Any) -> dict[str, float]:
    """{stage: seconds} of a machine, without values of another form."""
    valid = raw.items() if isinstance(raw, dict) and len(raw) < 1000 else ()
    return {printable(name, WORD.longest): float(spent) for name, spent in valid if type(spent) in (int, float) and 0 <= spent < 1e9}
