# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that need neither root nor the lab: `nox --list` names them.

antsibull-nox.toml configures the checks that all collections have. The sessions `sanity` and `units` exist for each supported ansible-core; its own sessions
for them run in containers, ours run on this machine. `make prove PART=matrix` runs all of those and keeps the result.
"""
from __future__ import annotations

import os
import pathlib
import shutil

import antsibull_nox
import nox

# ansible-core -> the newest Python of a controller that it supports and that is not newer than what the tests know.
CORES = {"2.16": "3.11", "2.18": "3.11", "2.19": "3.11", "2.20": "3.12", "2.21": "3.13"}
REFUSED = "2.14"  # the package of Debian 12
CACHE = pathlib.Path(os.environ.get("SAFETYTWIN_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "safetytwin")
REPORTS = pathlib.Path(__file__).parent / "build" / "reports"

nox.options.envdir = str(CACHE / "nox")
nox.options.reuse_venv = "yes"

antsibull_nox.load_antsibull_nox_toml()


def interpreter(version: str) -> str:
    """The path of this Python, on the path or among pyenv's; its bare name where there is none, which nox reports."""
    found = shutil.which("python" + version)
    pyenv = sorted(pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    return found if found and "/.pyenv/shims/" not in found else str(pyenv[-1]) if pyenv else "python" + version


def environment(session: nox.Session, core: str, *more: str) -> dict[str, str]:
    """Install this ansible-core and more; returns the variables that name the environment to our tools."""
    session.install("-q", f"ansible-core~={core}.0", *more)
    session.run("ansible", "--version")
    return {"SAFETYTWIN_VENV": session.virtualenv.location, "PYTHONDONTWRITEBYTECODE": "1"}


def add_sessions(core: str, python: str) -> None:
    """The sessions sanity-CORE and units-CORE."""

    @nox.session(name=f"sanity-{core}", python=interpreter(python), default=False)
    def sanity(session: nox.Session) -> None:
        session.run("tests/tools/ansible_test", "sanity", *session.posargs, env=environment(session, core), external=True)

    @nox.session(name=f"units-{core}", python=interpreter(python), default=False)
    def units(session: nox.Session) -> None:
        variables = environment(session, core, "-r", "requirements.txt", "-r", "tests/unit/requirements.txt")
        report = REPORTS / f"units-{core}.xml"
        several = ("--numprocesses", "auto", "--dist", "loadfile")
        session.run("pytest", "-q", "-p", "no:cacheprovider", *several, "--junitxml", str(report), *(session.posargs or ["tests/unit"]), env=variables)


@nox.session(name=f"refusal-{REFUSED}", python=interpreter("3.11"), default=False)
def refusal(session: nox.Session) -> None:
    """An ansible-core that is too old is refused with a sentence by every playbook."""
    variables = environment(session, REFUSED)
    room = session.create_tmp()
    session.run("tests/tools/stage", room, external=True)
    for playbook in sorted(path.stem for path in pathlib.Path("playbooks").glob("*.yml")):
        command = ("ansible-playbook", "--check", f"safetytwin.twin.{playbook}")
        said = session.run(*command, env={**variables, "ANSIBLE_COLLECTIONS_PATH": room}, success_codes=[2], silent=True)
        if "The collection safetytwin.twin needs ansible-core" not in str(said):
            session.error(f"{playbook} did not refuse ansible-core {REFUSED}: {said}")


for _core, _python in CORES.items():
    add_sessions(_core, _python)


if __name__ == "__main__":
    nox.main()
