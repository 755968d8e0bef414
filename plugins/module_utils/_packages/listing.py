# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt may read of a host's lists of repositories. Pure.

A list is read strictly and written anew, so that apt gets only what was understood here: entries of packages, by http and https, with a valid signature.
"""
from __future__ import annotations

import os
import re
from typing import Any, Iterable, Mapping, NamedTuple

from .._base.codec import printable, raw, text
from .sources import below, is_listing

SHOWN = 120  # characters of an entry in a sentence
# Options of an entry that apt gets, by their name in a list of one line per entry and by that in a list of stanzas.
KEPT = {
    "arch": "Architectures", "lang": "Languages", "target": "Targets", "pdiffs": "PDiffs", "by-hash": "By-Hash", "signed-by": "Signed-By",
    "check-valid-until": "Check-Valid-Until", "valid-until-min": "Valid-Until-Min", "valid-until-max": "Valid-Until-Max", "check-date": "Check-Date",
    "date-max-future": "Date-Max-Future", "inrelease-path": "InRelease-Path",
}
# They make apt take packages that nobody signed, or that a broken digest vouches for.
UNSIGNED = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
NO = ("no", "false", "without", "off", "disable", "0")
_FIELDS = {field.lower(): field for field in KEPT.values()}
_LINE = re.compile(r"deb[ \t]+(?:\[([^\]]*)\][ \t]*)?([^\s\[\]\"]+)[ \t]+([^\[\]\"]+)")
_OPTION = re.compile(r"([A-Za-z-]+)([+-]?=)([A-Za-z0-9_./,:+~-]+)")
_FIELD = re.compile(r"([A-Za-z0-9-]+)[ \t]*:(.*)")
_REMOTE = re.compile(r"https?://[!#$&-;=?-Z_a-z~%]+")
_LOCAL = re.compile(r"(file|copy):(?://)?(/[!#$&-;=?-Z_a-z~]+)")


class Permits(NamedTuple):
    """What the user allows besides signed repositories by http and https."""

    directories: tuple[str, ...] = ()  # of this machine, whose repositories lists may name
    unsigned: tuple[str, ...] = ()  # URIs of repositories that need no valid signature


NO_MORE = Permits()


class _Refused(Exception):
    """Why an entry is not read."""


def permits(options: Mapping[str, Any]) -> Permits:
    """The permits among the options of a module or role."""
    return Permits(tuple(options.get("repository_directories") or ()), tuple(options.get("unsigned_repositories") or ()))


def read(files: Mapping[str, bytes], allowed: Permits) -> tuple[dict[str, bytes], list[str]]:
    """(a host's files of apt's configuration as apt may read them, a sentence for each entry that is left out)."""
    # apt reads lists under some more names, such as a:b.list
    found = {path: content for path, content in files.items() if is_listing(path) or not below("", path).startswith("/etc/apt/sources.list")}
    refused: list[str] = []
    for path in sorted(filter(is_listing, files)):
        found[path], why = permitted(path, files[path], allowed)
        refused += why
    return found, refused


def permitted(path: str, content: bytes, allowed: Permits) -> tuple[bytes, list[str]]:
    """(the list of repositories at path as apt may read it, a sentence for each entry that is left out)."""
    kept, refused = [], []
    stanzas = path.endswith(".sources")
    for number, entry in enumerate(_stanzas(text(content)) if stanzas else _lines(text(content)), 1):
        try:
            kept.append(_stanza(entry, allowed) if stanzas else _line(entry, allowed))
        except _Refused as why:
            refused.append("%s, entry %d (%s), is not read: %s" % (path, number, printable(" ".join(entry.split()), SHOWN), why))
    return raw(("\n" if stanzas else "").join(kept)), refused


def _lines(content: str) -> list[str]:
    """The entries of packages of a list of one line per entry."""
    lines = [line.strip(" \t\r") for line in content.split("\n")]
    return [line for line in lines if re.match(r"deb[ \t\[]", line)]


def _line(entry: str, allowed: Permits) -> str:
    found = None if _odd(entry) else _LINE.fullmatch(re.sub(r"(\[[^\]]*\])|#.*", r"\1", entry).rstrip(" \t"))
    if not found:
        raise _Refused("it is not written as sources.list(5) says.")
    uri = found.group(2)
    options, unsigned = [], []
    for word in (found.group(1) or "").split():
        option = _OPTION.fullmatch(word)
        if not option:
            raise _Refused("its option %s is not written as sources.list(5) says." % printable(word, SHOWN))
        name = option.group(1).lower()
        if name in KEPT:
            options.append(name + option.group(2) + option.group(3))
        elif name in UNSIGNED and option.group(3).lower() not in NO:
            unsigned.append(word)
    uri = _uri(uri, allowed)
    if unsigned:
        _require_permit([uri], unsigned[0], allowed)
        options.append("trusted=yes")
    return "deb %s%s %s\n" % ("[%s] " % " ".join(options) if options else "", uri, " ".join(found.group(3).split()))


def _stanzas(content: str) -> list[str]:
    """The enabled stanzas of packages of a list of stanzas, without comments."""
    lines = [line.rstrip("\r") for line in content.split("\n") if not line.startswith("#")]
    found = [stanza for stanza in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines).strip("\n")) if stanza.strip()]
    return [stanza for stanza in found if _enabled(_read(stanza))]


def _enabled(fields: Mapping[str, str]) -> bool:
    return "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").strip().lower() not in NO


def _read(stanza: str) -> dict[str, str]:
    """{name in lower case: value with its further lines}."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.split("\n"):
        found = _FIELD.fullmatch(line)
        if line[:1] in (" ", "\t") and name:
            fields[name] += "\n " + line.strip(" \t")
        elif found:
            name = found.group(1).lower()
            fields[name] = found.group(2).strip(" \t")
    return fields


def _stanza(entry: str, allowed: Permits) -> str:
    fields = _read(entry)
    if _odd(entry) or not (fields.get("uris") and fields.get("suites")):
        raise _Refused("it is not written as sources.list(5) says.")
    uris = [_uri(uri, allowed) for uri in fields["uris"].split()]
    lines = ["Types: deb", "URIs: " + " ".join(uris)]
    lines += ["%s: %s" % (name, " ".join(fields[name.lower()].split())) for name in ("Suites", "Components") if name.lower() in fields]
    lines += [("%s: %s" % (_FIELDS[name], value)).replace(": \n", ":\n") for name, value in fields.items() if name in _FIELDS]
    unsigned = ["%s: %s" % (name, fields[name]) for name in UNSIGNED if fields.get(name, "no").strip().lower() not in NO]
    if unsigned:
        _require_permit(uris, unsigned[0], allowed)
        lines.append("Trusted: yes")
    return "\n".join(lines) + "\n"


def _odd(entry: str) -> bool:
    return any(ord(character) < 32 and character not in "\n\t" or ord(character) == 127 for character in entry)


def _uri(uri: str, allowed: Permits) -> str:
    """The URI as apt gets it."""
    if _REMOTE.fullmatch(uri):
        return uri
    local = _LOCAL.fullmatch(uri)
    path = os.path.normpath(local.group(2)) if local else ""
    if local and _below(path, allowed.directories):
        return "%s:%s" % (local.group(1), path)
    if local:
        raise _Refused("it names a directory of a machine. If this machine has the same repository, name the directory in twin_repository_directories.")
    raise _Refused("repositories are read by http and https only.")


def _below(path: str, directories: Iterable[str]) -> bool:
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in map(os.path.normpath, directories))


def _require_permit(uris: Iterable[str], asked: str, allowed: Permits) -> None:
    if {uri.rstrip("/") for uri in uris} - {uri.rstrip("/") for uri in allowed.unsigned}:
        raise _Refused("%s would accept packages without a valid signature. To allow that, name its URI in twin_unsigned_repositories." % asked)
