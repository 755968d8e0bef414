# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads packages of dpkg or rpm with version, status, hold and origin."""
from __future__ import annotations

import re

from ..._base.codec import text
from ..._base.run import check, run
from ..._secrets.redact import redact_text
from ..context import HOST, Context, result
from ..model import Body, Item, Items
from . import dpkg

EXTENDED_STATES = "/var/lib/apt/extended_states"
LISTS = "/var/lib/apt/lists"
# Triggers that wait are a pause in an installation that is whole.
STATUSES = {"installed": "installed", "triggers-pending": "installed", "triggers-awaited": "installed", "config-files": "config-files"}
RPM_QUERY = r"%{NAME}:%{ARCH}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n"


def collect(context: Context) -> Body:
    """Items `NAME:ARCHITECTURE`."""
    if context.stamp(dpkg.STATUS) is None:
        return _rpm(context)
    known = [package for package in dpkg.packages(context) if package.state not in ("", "not-installed")]
    automatic = parse_automatic(text(context.read(EXTENDED_STATES) or b""))
    native = next((package.architecture for package in known if package.name == "dpkg"), "")
    items = {"%s:%s" % (package.name, package.architecture): _item(package, automatic, native) for package in known}
    items = context.wanted(items)
    if context.role == HOST and context.only is None:
        for key, origin in _origins(context, [key for key in items if items[key]["status"] == "installed"]).items():
            items[key]["origin"] = origin
    return result(items)


def _item(package: dpkg.Package, automatic: set[tuple[str, str]], native: str) -> Item:
    # apt files packages of architecture all under the native one.
    architecture = native if package.architecture == "all" else package.architecture
    return {
        "version": package.version,
        "status": STATUSES.get(package.state, "broken"),
        "held": package.want == "hold",
        "automatic": (package.name, architecture) in automatic,
    }


def parse_automatic(content: str) -> set[tuple[str, str]]:
    """{(name, architecture)} that apt installed as dependencies, from the text of extended_states."""
    found = set()
    for stanza in content.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in stanza.splitlines())
        if fields.get("Auto-Installed") == "1":
            found.add((fields.get("Package", ""), fields.get("Architecture", "")))
    return found


def _origins(context: Context, keys: list[str]) -> dict[str, str]:
    stamp = [context.stamp(dpkg.STATUS), context.stamp(LISTS)]
    if context.cache.get("stamp") != stamp:
        context.cache["origins"] = _ask_origins(keys)
        context.cache["stamp"] = stamp
    origins: dict[str, str] = context.cache["origins"]
    return {key: origin for key, origin in origins.items() if key in set(keys)}


def _ask_origins(keys: list[str]) -> dict[str, str]:
    """{key: origin}; {} where there is no apt."""
    answer = run(["apt-cache", "policy"] + [re.sub(":all$", "", key) for key in keys])
    if answer.rc:
        return {}
    origins = parse_policy(text(answer.out))
    return {key: origins.get(key, origins.get(key.partition(":")[0], "")) for key in keys}


def parse_policy(content: str) -> dict[str, str]:
    """{name: where the installed version comes from} of apt-cache policy's text; "" for a version no list has."""
    origins: dict[str, str] = {}
    name, installed = "", False
    for line in content.splitlines():
        if line and not line.startswith(" "):
            name, installed = line.rstrip(":"), False
            origins[name] = ""
        elif line.startswith(" *** "):
            installed = True
        elif not line.startswith("        "):
            installed = False
        elif installed and not origins[name]:
            source = line.split(None, 1)[1]
            origins[name] = "" if source.startswith("/var/lib/dpkg/status") else redact_text(source)
    return origins


def _rpm(context: Context) -> Body:
    if run(["rpm", "--version"]).rc:
        return result({}, note="There is no package database of dpkg or rpm on this machine.", status="empty")
    return result(context.wanted(parse_rpm(text(check(["rpm", "-qa", "--qf", RPM_QUERY], "Listing packages with rpm")))))


def parse_rpm(content: str) -> Items:
    """Items of rpm's answer to RPM_QUERY; of several versions of a package the last in the order of text."""
    rows = (row.partition("\t") for row in sorted(content.splitlines()))
    # rpm lists the keys that were imported as packages; whatever else has no tab is a message.
    sound = ((key, version) for key, tab, version in rows if tab and not key.startswith("gpg-pubkey:"))
    return {key: {"version": re.sub("^0:", "", version), "status": "installed", "held": False, "automatic": False} for key, version in sound}
