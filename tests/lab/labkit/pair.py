# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands for one lab host and its twin: install the collection from its tarball, run playbooks, and run plain commands on both machines."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from .shell import cache

ROOT = Path(__file__).resolve().parents[3]
LAB = str(ROOT / "tests" / "lab" / "lab")


class Pair:
    """Names, paths and command lines of one host and its twin."""

    def __init__(self, host: str, home: Path | None = None) -> None:
        """home is the user's directory, with the collection, the inventory and the files of Ansible."""
        self.host = host
        self.domain = "twin-" + host
        self.home = home or cache() / "pairs" / host
        self.inventory = self.home / "inventory.yml"
        self.environment = dict(
            os.environ, ANSIBLE_COLLECTIONS_PATH=str(self.home / "collections"), ANSIBLE_STDOUT_CALLBACK="safetytwin.twin.twin_report",
            ANSIBLE_PIPELINING="true", ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_HOME=str(self.home / "ansible"),
        )
        # Programs keep their compiled code, as on a user's machine; an environment for tests often forbids it.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def lab(self, *words: str) -> list[str]:
        """The command line `lab WORDS`."""
        return [LAB, *words]

    def tool(self, name: str, *words: str) -> list[str]:
        """The command line of one of Ansible's programs with the inventory."""
        return [str(Path(sys.executable).parent / name), "-i", str(self.inventory), *words]

    def play(self, name: str, *words: str) -> list[str]:
        """The command line of one of the collection's playbooks."""
        return self.tool("ansible-playbook", "safetytwin.twin." + name, *words)

    def build(self) -> list[str]:
        """The command line that builds the collection's tarball into an empty directory, to be run in ROOT."""
        target = self.home / "collections"
        shutil.rmtree(target, ignore_errors=True)
        return [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "build", "--force", "--output-path", str(target)]

    def install(self) -> list[str]:
        """The command line that installs that tarball as a user would, without a server."""
        target = self.home / "collections"
        tarball = str(next(target.glob("safetytwin-twin-*.tar.gz")))
        return [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "install", "-p", str(target), "--offline", tarball]

    def variables(self) -> dict[str, str]:
        """Inventory variables of the lab host."""
        facts = json.loads(said(self.lab("host", "info", self.host)))
        return {
            "ansible_host": facts["address"], "ansible_user": "root", "ansible_ssh_private_key_file": facts["key"],
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={facts['known_hosts']}",
        }

    def write_inventory(self, others: dict[str, dict[str, object]] | None = None, **variables: object) -> None:
        """Write the user's inventory as JSON. others are further members of twin_hosts; variables are set for all of them."""
        group = {"hosts": {self.host: self.variables(), **(others or {})}, "vars": variables}
        self.home.mkdir(parents=True, exist_ok=True)
        self.inventory.write_text(json.dumps({"all": {"children": {"twin_hosts": group}}}, indent=2))

    def on_host(self, command: str) -> str:
        """Output of a shell line on the host."""
        return said(self.lab("host", "exec", self.host, "--", "sh", "-c", command))

    def on_twin(self, command: str) -> str:
        """Output of a shell line in the twin, over the hypervisor's ssh_config."""
        return said(self.twin_ssh("sh -c " + shlex.quote(command)))

    def twin_ssh(self, *words: str) -> list[str]:
        return ["ssh", "-F", f"/var/lib/safetytwin/twins/{self.domain}/ssh_config", "twin", *words]


def said(argv: list[str]) -> str:
    """Output of a command, both streams."""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode(errors="replace").strip()
