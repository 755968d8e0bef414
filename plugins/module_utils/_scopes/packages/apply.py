# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phase packages: dpkg alone, on package files that came with the request; no index, no resolver, no network.

The host's set of packages is closed, so nothing is resolved: what goes is removed in one call, what comes is installed
in one call, whose triggers run once. Nothing starts (policy-rc.d): units are for the services scope.
"""

from __future__ import annotations

import os
from typing import Dict, Iterable, Mapping, NamedTuple, Sequence

from ..._base.run import check, run
from ..model import Spool
from ..parts import Applier, Step
from ..step_result import Done, failed
from . import apt_auto

POLICY = "/usr/sbin/policy-rc.d"
PATIENCE = 1500  # seconds for one call of dpkg
ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "UCF_FORCE_CONFFOLD": "1",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
# Old configuration stays, since the files scope brings the host's; what is held may move; after a crash comes an audit.
DPKG = ["dpkg", "--force-confold", "--force-confdef", "--force-hold", "--force-unsafe-io", "--abort-after=100000"]
# By force dpkg configures in any order, so that what came too early gets another turn.
ROUNDS = ((), (), ("--force-depends",), ("--force-depends",))
FORMAT = "${Package}:${Architecture}\t${Version}\t${db:Status-Want}\t${db:Status-Status}\n"


class Row(NamedTuple):
    """What dpkg knows of a package."""

    version: str
    want: str
    status: str


# {"name:arch": Row}
Rows = Dict[str, Row]
NOTHING = Row("", "unknown", "not-installed")


def apply(steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """Remove, install, hold and mark packages."""
    _hold_back_services()
    before = known()
    wanted = {step["key"]: step for step in steps}
    coming = _coming(wanted, before, spool)
    said = _remove(wanted, before) + _install(coming, before) + _demote(wanted)
    after = known()
    if _select(wanted, after):
        after = known()
    marked = apt_auto.mark(_automatic(wanted, after))
    return {step["id"]: _verdict(step, before, after, coming, marked, said) for step in steps}


def _hold_back_services(path: str = POLICY) -> None:
    """No maintainer script starts or stops anything, for good: what runs in a twin is what runs on its host."""
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as stream:
            stream.write("#!/bin/sh\n# A twin runs what its host runs; packages start nothing on their own.\nexit 101\n")
        os.chmod(path, 0o755)


def known() -> Rows:
    """Everything dpkg has heard of."""
    out = check(["dpkg-query", "--show", "--showformat", FORMAT], "Reading the package list").decode("utf-8", "replace")
    rows = (line.split("\t") for line in out.splitlines())
    return {row[0]: Row(*row[1:]) for row in rows}


def _coming(wanted: Mapping[str, Step], before: Rows, spool: Spool) -> dict[str, tuple[str, str]]:
    """{key: (version, path)} of what has to be installed; the file sent for a version that is gone counts for it."""
    coming = {}
    for key, step in wanted.items():
        row = before.get(key, NOTHING)
        if step["want"] is None or (row.status == "config-files" and step["want"]["status"] == "config-files"):
            continue
        sent = spool.package(key, step["want"]["version"])
        if sent and (row.version, row.status) != (sent[0], "installed"):
            coming[key] = sent
    return coming


def _remove(wanted: Mapping[str, Step], before: Rows) -> bytes:
    going = {key for key, step in wanted.items() if step["want"] is None and before.get(key, NOTHING).status != "not-installed"}
    return _dpkg("--force-depends", "--purge", *sorted(map(_name, going))) if going else b""


def _demote(wanted: Mapping[str, Step]) -> bytes:
    """Packages the host has removed without their configuration."""
    now = known() if any(_is_removed(step) for step in wanted.values()) else {}
    going = sorted(_name(key) for key, step in wanted.items() if _is_removed(step) and now.get(key, NOTHING).status not in ("config-files", "not-installed"))
    return _dpkg("--force-depends", "--remove", *going) if going else b""


def _is_removed(step: Step) -> bool:
    return step["want"] is not None and step["want"]["status"] == "config-files"


def _install(coming: dict[str, tuple[str, str]], now: Rows) -> bytes:
    """Unpack and configure everything; a second round for what needed another one configured first, then by force.

    Force is right because the host has this very set: what is missing was left out, or is in no repository.
    """
    _architectures(coming)
    said = b""
    for force in ROUNDS if coming else ():
        absent = [path for key, (version, path) in sorted(coming.items()) if now.get(key, NOTHING).version != version or not _unpacked(now[key])]
        loose = [key for key in coming if key in now and now[key].status != "installed"]
        if not absent and not loose:
            break
        said = _dpkg(*force, "--install", *absent) if absent else _dpkg(*force, "--configure", "--pending")
        now = known()
    return said


def _unpacked(row: Row) -> bool:
    return row.status not in ("not-installed", "config-files", "half-installed")


def _architectures(coming: Iterable[str]) -> None:
    native = check(["dpkg", "--print-architecture"], "Reading the architecture").decode().strip() if coming else ""
    for arch in sorted({key.rpartition(":")[2] for key in coming} - {native, "all"}):
        check(["dpkg", "--add-architecture", arch], "Adding the architecture %s" % arch)


def _dpkg(*arguments: str) -> bytes:
    return run(DPKG + list(arguments), timeout=PATIENCE, env=ENVIRONMENT).err


def _name(key: str) -> str:
    """dpkg's own name for a package: those of no architecture go without one."""
    name, _colon, arch = key.rpartition(":")
    return name if arch == "all" else key


def _select(wanted: Mapping[str, Step], after: Rows) -> bool:
    """Hold and unhold in one call; True if there was anything to."""
    lines = []
    for key, step in wanted.items():
        row = after.get(key, NOTHING)
        held = bool(step["want"] and step["want"].get("held"))
        if row.status == "installed" and held != (row.want == "hold"):
            lines.append("%s %s\n" % (_name(key), "hold" if held else "install"))
    if lines:
        check(["dpkg", "--set-selections"], "Holding packages", stdin="".join(lines).encode("ascii"))
    return bool(lines)


def _automatic(wanted: Mapping[str, Step], after: Rows) -> dict[str, bool | None]:
    """{key: bool} of marks to set; None where the package is not there."""
    return {
        key: bool(step["want"].get("automatic")) if step["want"] and after.get(key, NOTHING).status == "installed" else None for key, step in wanted.items()
    }


def _verdict(step: Step, before: Rows, after: Rows, coming: dict[str, tuple[str, str]], marked: set[str], said: bytes) -> Done:
    key, want = step["key"], step["want"]
    old, new = before.get(key, NOTHING), after.get(key, NOTHING)
    changed = old != new or key in marked
    if want is None:
        gone = new.status == "not-installed"
        return Done(changed, None) if gone else failed("%s stays (%s): %s" % (key, new.status, _reason(said, key)), changed)
    if want["status"] == "config-files":
        return Done(changed, None) if new.status in ("config-files", "not-installed") else failed("%s stays: %s" % (key, _reason(said, key)), changed)
    version = coming[key][0] if key in coming else (want["version"] if want["status"] != "broken" else new.version)
    if new.version == version and new.status == "installed" or want["status"] == "broken" and new.status != "not-installed":
        return Done(changed, None)
    if key not in coming and new.status == "installed":
        return Done(changed, "package_not_fetched: %s is here instead of %s" % (new.version, version))
    if key not in coming:
        return failed("package_not_fetched: no package file of %s came with the request" % key, changed)
    return failed("%s %s is %s: %s" % (key, version, new.status, _reason(said, key)), changed)


def _reason(said: bytes, key: str) -> str:
    """What dpkg said of a package: the line after the one that names it in an error."""
    name = key.partition(":")[0]
    lines = said.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines[:-1]):
        subject = line.partition("error processing ")[2]
        if subject.startswith(("package %s " % name, "package %s:" % name)) or "/%s_" % name in subject:
            return lines[number + 1].strip()
    return "dpkg gave no reason; its log in the twin is /var/log/dpkg.log."


APPLIERS: dict[str, Applier] = {"change": apply}
