# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types every stage shares: fields and scopes, states, changes, steps, results.

States, steps and requests are JSON documents, so their types are TypedDicts: what is parsed at ingest is passed on as it is.
"""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Protocol, TypedDict

from .grammars import TYPES, Shape, Text

DESIRED = "desired"  # hashed, compared, converged
TELEMETRY = "telemetry"  # never compared: it changes by itself, or names the source of a fact
IDENTITY = "identity"  # expected to differ between host and twin

# One entry of a scope, {field name: JSON value}; and all of a scope's, by key.
Item = Dict[str, Any]
Items = Dict[str, Item]
# {key: reason}, a reason being `CODE` or `CODE: detail` of _base/reasons.
Reasons = Dict[str, str]


class Field(NamedTuple):
    """One field of an item: shape says which values it takes, needed that every item has it."""

    lane: str
    shape: Shape
    doc: str
    needed: bool = False

    @property
    def type(self) -> str:
        """The type of the field's JSON value: str, int, bool, list or dict."""
        return TYPES[type(self.shape)]


class Scope(NamedTuple):
    """One scope: kinds is {kind of item, "" where there is one kind: {field name: Field}}; builds_on names the scopes that its items need.

    keys is {kind: grammar of an item's whole key}, most the number of items. needs is {kind: {field: {value: fields that an item with this
    value has}}}.
    """

    doc: str
    converged: bool
    kinds: dict[str, dict[str, Field]]
    builds_on: tuple[str, ...] = ()
    keys: dict[str, Text] = {}
    most: int = 0
    needs: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}


class Body(TypedDict):
    """One scope of a state; status is ok, empty or failed, and note says why it is not ok."""

    status: str
    note: str
    items: Items
    excluded: Reasons


class BodyDelta(Body):
    """One scope of a delta: items are the changed ones, removed the keys that went."""

    removed: list[str]


Scopes = Dict[str, Body]
Delta = Dict[str, BodyDelta]


class Distribution(TypedDict):
    """What os-release says; an empty string where it says nothing."""

    id: str
    version_id: str
    codename: str
    name: str
    like: list[str]


class Machine(TypedDict):
    """Which machine a state is of; an empty string where the machine does not say."""

    machine_id: str
    boot_id: str
    hostname: str
    distribution: Distribution
    architecture: str
    product_uuid: str


class Declared(TypedDict):
    """What a host said of a scope, as far as its next delta needs it: the digest of all of it, and {key: [digest of the item, broken rule]}."""

    digest: str
    withheld: dict[str, list[str]]


class HostDocument(TypedDict):
    """A host as the store keeps it; kept_digest is the digest of its scopes where it is not the one that the host declared, else None."""

    format: int
    machine: Machine
    scopes: Scopes
    declared: dict[str, Declared]
    kept_digest: str | None


class Harvest(TypedDict):
    """A host's checked harvest. scopes are whole; digest is the base of the host's next delta, kept_digest the digest of the scopes if it differs;
    blobs are contents by digest; violations are sentences about what was left out."""

    machine: Machine
    digest: str
    kept_digest: str | None
    scopes: Scopes
    declared: dict[str, Declared]
    blobs: dict[str, bytes]
    missing: list[str]
    telemetry: dict[str, Any]
    seconds: dict[str, float]
    violations: list[str]


class GivenUp(TypedDict):
    """An item that is not applied again: want is the digest of its desired value when it failed, reason the cause of the failure."""

    want: str
    reason: str


# {scope: {key: …}}
AllGivenUp = Dict[str, Dict[str, GivenUp]]


class Actual(TypedDict):
    """A twin as it was last read.

    touched is what the domain's metadata said then, format that of states; substrate is None until the twin's image has been compared with the host once.
    """

    uuid: str
    boot_id: str
    touched: int
    format: int
    scopes: Scopes
    substrate: dict[str, list[str]] | None
    given_up: AllGivenUp


class Change(NamedTuple):
    """An item that differs: want is None if it is to be removed, have None if the twin lacks it; fields are the names of the fields that differ."""

    scope: str
    key: str
    have: Item | None
    want: Item | None
    fields: tuple[str, ...]


class HarvestRequest(TypedDict, total=False):
    """What _harvest is asked; what is left out is a host's whole state.

    base: the digest of the state that the answer may be a delta to. want: digests of contents. scopes: names. roots, exclude: the user's
    extra directories and path patterns.
    """

    role: str
    base: str | None
    want: list[str]
    scopes: list[str] | None
    roots: list[str]
    exclude: list[str]
    telemetry: bool


class Spool(Protocol):
    """Files that a request contains, in a directory of their own; packages is {"name:arch": {version: path}}."""

    directory: str
    packages: dict[str, dict[str, str]]

    def blob(self, digest: str) -> str | None:
        """Path of the file content with this digest, or None if the request has no such content."""

    def package(self, key: str, version: str) -> tuple[str, str] | None:
        """(version, path) of a package's file: the given version, else another version that the request has, else None."""


def desired(shape: Shape, doc: str, needed: bool = False) -> Field:
    """A field that is hashed, compared and converged."""
    return Field(DESIRED, shape, doc, needed)


def telemetry(shape: Shape, doc: str) -> Field:
    """A field that is never compared."""
    return Field(TELEMETRY, shape, doc)


def identity(shape: Shape, doc: str) -> Field:
    """A field that is expected to differ between host and twin, such as a hardware address; a difference counts as reproduced."""
    return Field(IDENTITY, shape, doc)
