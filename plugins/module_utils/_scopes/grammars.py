# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of the values that machines send, and the grammars that several scopes share.

Patterns are matched as a whole (re.fullmatch) and take linear time; a path-like grammar takes any byte but NUL as surrogate escapes, every
other one takes neither control characters (C0, DEL, C1) nor lone surrogates.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Union


class Text(NamedTuple):
    """A string of at most `longest` characters that matches pattern; doc completes the sentence "it is not …"."""

    name: str
    pattern: str
    longest: int
    doc: str


class Number(NamedTuple):
    """A whole number from least to most."""

    least: int
    most: int


class Flag(NamedTuple):
    """True or false."""


class Listing(NamedTuple):
    """A list of at most `most` values of one shape."""

    each: Shape
    most: int


class Record(NamedTuple):
    """An object with these members and no others; those in needed must be there."""

    members: dict[str, Shape]
    needed: tuple[str, ...] = ()


class Mapping(NamedTuple):
    """An object with at most `most` members, whose names match key."""

    key: Text
    value: Shape
    most: int


class Tree(NamedTuple):
    """An object of any JSON below it, whose texts match text: nested at most depth deep, and of at most `most` values."""

    text: Text
    depth: int
    most: int


Shape = Union[Text, Number, Flag, Listing, Record, Mapping, Tree]

TYPES = {Text: "str", Number: "int", Flag: "bool", Listing: "list", Record: "dict", Mapping: "dict", Tree: "dict"}


def choice(*words: str) -> Text:
    """One of these words."""
    return Text("", "|".join(map(re.escape, words)), max(map(len, words)), words[0] if len(words) == 1 else "one of %s" % ", ".join(words))


def prefixed(prefix: str, rest: Text) -> Text:
    """A key that begins with a fixed prefix."""
    return Text("", "%s(?:%s)" % (re.escape(prefix), rest.pattern), len(prefix) + rest.longest, "%s and %s" % (prefix, rest.doc))


def either(doc: str, *texts: Text) -> Text:
    """A text that matches at least one of several grammars."""
    return Text("", "|".join("(?:%s)" % text.pattern for text in texts), max(text.longest for text in texts), doc)


def text(longest: int) -> Text:
    """Printable text of one line."""
    return Text("text", r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*", longest, "text without control characters")


FLAG = Flag()
BLOCK = Text("block", r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]*", 65536, "text without control characters other than tabs and line ends")
WORD = Text("word", r"[a-z][a-z0-9_-]*", 64, "a word of lower-case letters, digits, `_` and `-`")
NAME = Text("name", r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*", 255, "a name of letters, digits and `_.:@+-` that does not begin with a punctuation mark")
DIGEST = Text("digest", r"[0-9a-f]{64}", 64, "a SHA-256 digest in lower-case hexadecimal digits")
UUID = Text("uuid", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", 36, "a UUID in lower case")
# Path-like: any byte but NUL, and in one component no slash. Of the surrogates, the escapes of bytes alone: no path holds the others.
_BYTE = r"[^\x00\ud800-\udc7f\udd00-\udfff]"
PATH = Text(
    "path", r"/|(?:/(?!\.\.?(?![^/]))[^/\x00\ud800-\udc7f\udd00-\udfff]+)+", 4096,
    "an absolute path without empty, `.` and `..` parts and without a slash at its end",
)
LINK_TARGET = Text("link target", _BYTE + "+", 4096, "the target of a link, which holds any byte but NUL")
PROGRAM = Text("program", "/%s*" % _BYTE, 4096, "an absolute path, which holds any byte but NUL")
# passwd(5), and the names of directory services: letters of any script, blanks inside, a final dollar (Samba), the punctuation `._-`.
# A number takes the place of a name that does not exist.
_ACCOUNT = r"[^\x00-,/:-@\[-^`{-\xa0\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
ACCOUNT = Text("account", r"(?![-.])%s(?: ?%s)*\$?" % (_ACCOUNT, _ACCOUNT), 256, "a name of a user or group")
# Homes of FTP accounts contain a part `.`, and many homes end with a slash.
HOME = Text(
    "home", r"(?:/|(?:/(?!\.\.(?![^/]))[^/:\x00-\x1f\x7f-\x9f\ud800-\udfff]+)+/?)?", 1024,
    "an absolute path without `:`, empty and `..` parts, or nothing",
)
# The bytes of a comment need not be UTF-8.
GECOS = Text("gecos", r"[^:\x00-\x1f\x7f-\x9f\ud800-\udc7f\udd00-\udfff]*", 1024, "a comment field, which holds neither `:` nor control characters")
NOTHING = Text("", "", 0, "nothing")
# deb-control(5); dpkg also accepts the underscore.
PACKAGE = Text("package", r"[a-z0-9][a-z0-9+._-]+", 255, "a package name as in deb-control(5)")
ARCHITECTURE = Text("architecture", r"[a-z0-9][a-z0-9-]*", 32, "an architecture as in deb-control(5)")
# Versions of RPM packages may contain `^` and `_`.
VERSION = Text("version", r"[0-9]{1,10}:[A-Za-z0-9][A-Za-z0-9.+~^_:-]*|[A-Za-z0-9][A-Za-z0-9.+~^_-]*", 255, "a version as in deb-version(7)")
# uname(2) and os-release(5)
MACHINE = Text("machine", r"[a-z0-9][a-z0-9_-]*", 32, "a machine name as uname gives it")
RELEASE = Text("release", r"[A-Za-z0-9][A-Za-z0-9_.+~-]*", 64, "a kernel release as uname gives it")
DISTRIBUTION = Text("distribution", r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*", 64, "an identifier as in os-release(5): a-z, 0-9 and `._-`")
# systemd.unit(5); the root mount's own name, -.mount, is only ever mentioned.
UNIT = Text("unit", r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\.[a-z]+", 255, "a unit name as in systemd.unit(5) that does not begin with `-`")
UNIT_MENTIONED = Text("unit mentioned", r"(?:-|[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*)\.[a-z]+", 255, "a unit name as in systemd.unit(5)")
VARIABLE = Text("variable", r"[A-Za-z_][A-Za-z0-9_]*", 256, "a name of an environment variable")

ID = Number(0, 2**32 - 2)
PID = Number(0, 2**31 - 1)
COUNT = Number(0, 2**32 - 1)
BYTES = Number(0, 2**63 - 1)
