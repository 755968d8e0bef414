# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees of lab hosts: built once by mmdebstrap from this machine's own package sources, then taken from the cache."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from pathlib import Path

from .shell import LabError, cache, run, say, stage

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
BASE = ["systemd", "systemd-sysv", "libpam-systemd", "dbus", "udev", "iproute2", "netbase", "openssh-server", "python3", "python3-psutil",
        "ca-certificates", "procps", "curl", "less"]


def codename() -> str:
    """This machine's own release."""
    lines = Path("/etc/os-release").read_text().splitlines()
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    return words.get("VERSION_CODENAME", "").strip('"')


def sources(release: str) -> str:
    """This machine's distribution entries, in deb822 form, with its release replaced by `release`."""
    own = codename()
    stanzas = []
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        stanzas += [dict(line.split(":", 1) for line in block.splitlines() if ":" in line and line[0] not in "# ")
                    for block in path.read_text().split("\n\n")]
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]:
        stanzas += [_one_line(line) for line in (path.read_text().splitlines() if path.exists() else []) if line.startswith("deb ")]
    chosen = []
    for stanza in stanzas:
        suites = [suite for suite in stanza.get("Suites", "").split() if suite == own or suite.startswith(own + "-")]
        if suites and "deb" in stanza.get("Types", "").split():
            renamed = " ".join(release + suite[len(own):] for suite in suites)
            chosen.append("\n".join(["Types: deb", f"URIs: {stanza['URIs'].strip()}", f"Suites: {renamed}", f"Components: {stanza['Components'].strip()}",
                                     *([f"Signed-By: {stanza['Signed-By'].strip()}"] if stanza.get("Signed-By", "").strip() else [])]))
    if not chosen:
        raise LabError(f"This machine's apt has no sources for its own release '{own}', so no lab host can be built; add them to /etc/apt.")
    return "\n\n".join(chosen) + "\n"


def _one_line(line: str) -> dict[str, str]:
    options, rest = "", line[4:].strip()
    if rest.startswith("["):
        options, rest = rest[1:].split("]", 1)
    uri, suite, *components = rest.split()
    signed = [word.split("=", 1)[1] for word in options.split() if word.startswith("signed-by=")]
    return {"Types": "deb", "URIs": uri, "Suites": suite, "Components": " ".join(components), "Signed-By": " ".join(signed)}


def build(release: str, template: str) -> Path:
    """Path of the cached tar of the tree for these inputs; builds it if it does not exist. A killed build leaves no tar."""
    folder = TEMPLATES / template
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in TEMPLATES.iterdir()))
        raise LabError(f"There is no template '{template}'; there are: {known}.")
    packages = BASE + _lines(folder / "packages")
    listed = sources(release)
    key = hashlib.sha256(json.dumps([1, release, packages, listed, _digests(folder)]).encode()).hexdigest()[:16]
    target = cache() / "lab" / "trees" / f"{release}-{template}-{key}.tar.zst"
    if target.exists():
        say(f"tree: use {release}/{template} from the cache")
        return target
    work = cache() / "lab" / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with stage(f"tree: building {release}/{template}", "60 s"):
        _mmdebstrap(release, packages, listed, folder, work)
        run(["zstd", "-q", "-T0", "-1", "--rm", work / "tree.tar", "-o", work / "tree.tar.zst"])
        (work / "tree.tar.zst").replace(target)
    shutil.rmtree(work)
    return target


def nspawn_options(template: str, release: str) -> list[str]:
    """What a template's machines need of systemd-nspawn beyond what all get: the lines of its file nspawn, where it has one; {debs} is our package cache."""
    path = TEMPLATES / template / "nspawn"
    return [line.format(debs=debs(release)) for line in _lines(path)] if path.exists() else []


def debs(release: str) -> Path:
    """Package files kept from build to build."""
    debs = cache() / "debs" / f"{release}-{platform.machine()}"
    debs.mkdir(parents=True, exist_ok=True)
    return debs


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]


def _digests(folder: Path) -> list[list[str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [[str(path.relative_to(folder)), oct(path.stat().st_mode), hashlib.sha256(path.read_bytes()).hexdigest()] for path in files]


def _mmdebstrap(release: str, packages: list[str], listed: str, folder: Path, work: Path) -> None:
    kept = debs(release)
    (work / "debian.sources").write_text(listed)
    archives = "/var/cache/apt/archives"
    run(["mmdebstrap", "--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io", f"--include={','.join(packages)}",
         "--skip=download/empty,essential/unlink",
         f'--setup-hook=mkdir -p "$1"{archives}', f"--setup-hook=sync-in {kept} {archives}",
         f"--customize-hook=sync-out {archives} {kept}",
         '--customize-hook=rm -f "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/sources.list',
         f"--customize-hook=copy-in {work}/debian.sources /etc/apt/sources.list.d",
         f'--customize-hook=cp -a --no-preserve=ownership {folder}/tree/. "$1"/',
         f'--customize-hook=cp {folder}/setup.sh "$1"/setup.sh', '--customize-hook=chroot "$1" sh -eu /setup.sh',
         '--customize-hook=rm "$1"/setup.sh "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
         release, work / "tree.tar", work / "debian.sources"],
        env={"TMPDIR": str(work)}, log=work / "log", timeout=1200)
