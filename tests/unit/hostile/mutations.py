# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile harvests: a valid one, made from the schema, with one string of it replaced. The order is the same in every run."""
from __future__ import annotations

import base64
import json
import random
from typing import Any, Iterator

import fuzz_targets

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import digest

LISTING = b"deb http://127.0.0.1:9/ ./\n"
LONG = 10_000_000
# {marker} is a file that none of them may bring about. {good} is the valid value.
TEXTS = (
    "{good}'", '{good}"', "{good}\n", "\n{good}", "{good}\nx", "{good}\r\nx", "..", ".", "../..", "../../../../{marker}", "/../../../{marker}",
    "{good}/../../../x",
    "-",
    "-o{good}", "--{good}", "-oDir::Log={marker}", "-oAPT::Update::Pre-Invoke::=touch {marker}", "--logfile={marker}", "{marker}", "/", "//{good}",
    "/{good}/",
    "\x1b]0;{good}\x07", "\x1b[2J{good}", "{good}\x9b2J", "{good}\x7f", "{good}\x08", "\u202e{good}", "{good}\u2028x",
    "{{{{ lookup('pipe', 'touch {marker}') }}}}",
    "{{% raw %}}{good}", "$(touch {marker})", "`touch {marker}`", "{good}; touch {marker}", "{good}|touch {marker}", "{good} && touch {marker}",
    '{good}"; APT::Update::Pre-Invoke {{ "touch {marker}"; }}; x "', "{good}\n  ProxyCommand touch {marker}", "{good}\nroot::0:0::/:/bin/sh",
    "{good}:0:0", "{good},x",
    "{good}\0", "\0", "\udcff{good}", "{good}\ud800", "\udfff", "", " ", " {good}", "{good} ", "%s%n", "{good}%00", "<a>&b;", "]]>{good}", "~root",
    "*", "{good}" * 3,
    "{good}=1", "\\{good}", "{good}\\", "\t{good}", "#{good}", "!{good}", "@{good}", "file://{marker}",
    "{good}" + "a" * 300, "a" * 70000, "\u00e9" * 300, "\u0000\u001b\n",
)
OTHER: tuple[Any, ...] = (None, True, 0, -1, 2**70, 1.5, [], {}, [[]], {"a": 1}, ["{good}"])


def seed(marker: str) -> dict[str, Any]:
    """The valid harvest: one item of each kind with all fields, and what makes the later stages work."""
    reply = fuzz_targets.real_reply()
    files = reply["scopes"]["files"]["items"]
    for path, content in (("/etc/apt/sources.list", LISTING), ("/etc/apt/sources.list.d/own.list", LISTING), ("/etc/motd", b"hello")):
        files[path] = {"type": "file", "mode": "0644", "owner": "root", "group": "root", "size": len(content), "digest": digest(content)}
        reply["blobs"][digest(content)] = base64.b64encode(content).decode("ascii")
    accounts = reply["scopes"]["accounts"]["items"]
    accounts["group:ola"] = {"gid": 1000, "members": ["ola"]}
    accounts["user:ola"] = {"uid": 1000, "group": "ola", "gecos": "Ola", "home": "/home/ola", "shell": "/bin/sh"}
    reply["scopes"]["files"]["excluded"]["/etc/shadow"] = "secret_excluded: a shadow file"
    reply["telemetry"] = {"load": {"a": [1, "b"]}}
    reply["missing"] = ["b" * 64]
    reply["scopes"]["packages"]["items"]["nginx:amd64"] = {"version": "1.2-3", "status": "installed", "held": True, "automatic": True, "origin": ""}
    return reply


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """(where it stands, whether it is a key) of every string of a document; the names of fields are not data."""
    if isinstance(node, str):
        yield path, False
    elif isinstance(node, dict):
        for name, inner in node.items():
            if path[-1:] in {("items",), ("excluded",), ("blobs",), ("telemetry",), ("seconds",), ("scopes",)} or path[-1:] == ("relations",) or "spec" in path:
                yield (*path, name), True
            yield from places(inner, (*path, name))
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from places(inner, (*path, number))


def changed(document: dict[str, Any], path: tuple[Any, ...], is_key: bool, value: Any) -> dict[str, Any]:
    """A copy of the document with the string at a place replaced."""
    made: dict[str, Any] = json.loads(json.dumps(document))
    node = made
    for name in path[:-1]:
        node = node[name]
    if is_key:
        node[value] = node.pop(path[-1])
    else:
        node[path[-1]] = value
    return made


def cases(marker: str, most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """At most `most` hostile harvests, each with what was done to it. Every place comes first with a value of each kind."""
    document = seed(marker)
    work = []
    for path, is_key in places(document):
        good = str(path[-1])
        if not is_key:
            node: Any = document
            for name in path:
                node = node[name]
            good = node
        values: list[Any] = [text.format(good=good, marker=marker) for text in TEXTS]
        prefix, colon, rest = good.partition(":")
        if is_key and colon:
            values += [prefix + ":" + text.format(good=rest, marker=marker) for text in TEXTS]
        values += [] if is_key else list(OTHER)
        work += [(path, is_key, value) for value in values]
    random.Random(8).shuffle(work)
    longest = [(path, is_key, "a" * LONG) for path, is_key in places(document)]
    random.Random(8).shuffle(longest)
    work = longest[:max(3, most // 200)] + work
    # Where more are wanted than there are, two of the values are put together.
    chance, strings = random.Random(9), [entry for entry in work if isinstance(entry[2], str) and len(entry[2]) < LONG]
    for path, is_key, value in chance.choices(strings, k=max(0, most - len(work))):
        at = chance.randrange(len(value) + 1)
        work.append((path, is_key, value[:at] + chance.choice(TEXTS).format(good=value[at:], marker=marker)))
    for number, (path, is_key, value) in enumerate(work[:most]):
        made = changed(document, path, is_key, value)
        # An attacker knows how the digest is calculated.
        made["digest"] = made["digest"] if path == ("digest",) else ""
        yield "%d %s%r: %.60r" % (number, "key of " if is_key else "", path, value), fuzz_targets.declared(made)
