# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a scope that planning, transport and applying ask for, as types. Each part is one file of the scope's folder."""

from __future__ import annotations

from typing import Callable, Dict, Iterable, Mapping, NamedTuple, Protocol, Sequence, TypedDict

from .model import Change, Item, Items, Scopes, Spool
from .step_result import Done, Result


class Caps(TypedDict):
    """Upper limits of a twin's hardware."""

    vcpus: int
    memory_mib: int


class TwinRules(TypedDict):
    """What policy knows of a twin: substrate is {scope: keys that its image has beyond its host}."""

    substrate: dict[str, list[str]]
    caps: Caps
    self_host: bool


class Step(TypedDict):
    """One step of a plan.

    id is unique in its plan. batch is `SCOPE.NAME`: the steps of a batch are given to one applier in one call. requires are the ids of the
    steps without which this one is skipped; after are the batches that end before it begins. want is None where the item goes, have None
    where it comes.
    """

    id: str
    batch: str
    verb: str
    scope: str
    key: str
    want: Item | None
    have: Item | None
    because: str
    requires: list[str]
    after: list[str]


# apply.py: applies the steps of a batch in their order; the second argument is the spool of the request. Returns {step id: Done}.
Applier = Callable[[Sequence[Step], Spool], Dict[str, Done]]


class ApplyReply(TypedDict):
    """What _apply answers: results in the plan's order; read is {scope: keys that were read back, or None for all}, scopes what was found there;
    seconds of each batch and of reading back."""

    results: list[Result]
    read: dict[str, list[str] | None]
    scopes: Scopes
    seconds: dict[str, float]


class Reach(TypedDict):
    """Why a running unit has to read something again: verb is restart or reload, because the ids of the steps that change what it reads."""

    verb: str
    because: list[str]


class Readers(Protocol):
    """What affects.py of a scope asks: {path, package or user: {running unit: verb}}, and the files of both states."""

    @property
    def paths(self) -> Mapping[str, Mapping[str, str]]:
        """Units by the path of what they read."""

    @property
    def packages(self) -> Mapping[str, Mapping[str, str]]:
        """Units by the name of their package."""

    @property
    def users(self) -> Mapping[str, Mapping[str, str]]:
        """Units by the name of their user."""

    @property
    def files(self) -> tuple[Items, Items]:
        """Files as they should be and as they are."""

    def named(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs (unit, verb) of those of the named units that run."""


class PlanContext(NamedTuple):
    """What a planner sees: all changes, the units they reach, both states, and the steps of the scopes that come before."""

    changes: list[Change]
    reached: dict[str, Reach]
    desired: Scopes
    actual: Scopes
    earlier: dict[str, Step]


class Order(NamedTuple):
    """Where a batch stands: the batches that end before it begins, and those that begin after it ended."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


class Planner(NamedTuple):
    """steps.py: the batches of a scope by name, and the function that makes its steps, in the order in which they are applied."""

    batches: dict[str, Order]
    steps: Callable[[PlanContext], list[Step]]


def unchanged(_key: str, item: Item, _host: Scopes, _rules: TwinRules) -> tuple[Item | None, str | None]:
    """Return (item, None): the twin gets the item as the host has it."""
    return item, None


def nothing_stays(_key: str, _item: Item, _packages: frozenset[str]) -> bool:
    """Return False: no item of the scope stays only because of its own fields."""
    return False


def no_more_stays(_stays: dict[str, str], _actual: Items, _wanted: Items) -> None:
    """Do nothing: no item of the scope stays because another one stays."""


def exactly(_key: str, _have: Item, _want: Item) -> bool:
    """Return False: every difference counts."""
    return False


def no_explanation(_item: Item, _have: Item | None, _fields: tuple[str, ...]) -> str | None:
    """Return None: the scope has no reason for a difference."""
    return None


class Policy(NamedTuple):
    """policy.py: which items of a scope a twin gets, and why not.

    machinery: patterns of what makes virtual machines, left out where a host is its own hypervisor. substrate: patterns of what a twin has
    of its own. pattern_name: what of a key the patterns are compared with. image_extras: whether what the image has beyond its host is the
    twin's own. adjust(key, item, host's scopes, rules) -> (item or None, reason or None). stays(key, item, names of the twin's own packages):
    whether an item that only the twin has stays. more_stays(stays, actual, wanted) adds to what stays. close_enough(key, have, want): whether
    a difference is too small to count. explains(item, have, names of fields that differ): a reason that the difference itself shows.
    """

    machinery: tuple[str, ...] = ()
    substrate: tuple[str, ...] = ()
    pattern_name: Callable[[str], str] = str
    image_extras: bool = False
    adjust: Callable[[str, Item, Scopes, TwinRules], tuple[Item | None, str | None]] = unchanged
    stays: Callable[[str, Item, frozenset[str]], bool] = nothing_stays
    more_stays: Callable[[dict[str, str], Items, Items], None] = no_more_stays
    close_enough: Callable[[str, Item, Item], bool] = exactly
    explains: Callable[[Item, Item | None, tuple[str, ...]], str | None] = no_explanation


class PackageFile(TypedDict):
    """A package file that a step needs; have is the version that the twin has, or ""."""

    name: str
    arch: str
    version: str
    have: str


class Payload(NamedTuple):
    """payload.py: what travels with an item or a step.

    content(item): the digest of the item's content, or None. carried(key, item): whether a host sends it without being asked. contents(step):
    digests of the contents that the step needs. packages(step): the package files that it needs.
    """

    content: Callable[[Item], str | None] = lambda _item: None
    carried: Callable[[str, Item], bool] = lambda _key, _item: False
    contents: Callable[[Step], list[str]] = lambda _step: []
    packages: Callable[[Step], list[PackageFile]] = lambda _step: []


class Readback(NamedTuple):
    """readback.py: what has to be read again after a step besides its own item.

    also(key): pairs (scope, key). runs_scripts: whether applying runs programs that may change anything, so that two looks at the machine
    are compared. whole: scopes that are then read as a whole.
    """

    also: Callable[[str], Iterable[tuple[str, str]]] = lambda _key: ()
    runs_scripts: bool = False
    whole: tuple[str, ...] = ()


def step_of(change: Change, batch: str, verb: str, because: str, requires: Iterable[str] = ()) -> Step:
    """The step that makes a change; the plan adds what it comes after."""
    return {
        "id": "%s:%s" % (change.scope, change.key), "batch": batch, "verb": verb, "scope": change.scope, "key": change.key,
        "want": change.want, "have": change.have, "because": because, "requires": sorted(set(requires)), "after": [],
    }


def why(change: Change) -> str:
    """Why an item is changed, as text for the report, such as "mode, owner differs"."""
    if change.want is None:
        return "the host does not have it"
    if change.have is None:
        return "the twin does not have it"
    words = ["content" if name == "digest" else name for name in change.fields if name != "size" or "digest" not in change.fields]
    return "%s %s" % (", ".join(words), "differs" if len(words) == 1 else "differ")
