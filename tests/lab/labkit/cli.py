# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line of the lab."""

from __future__ import annotations

import argparse
import json
import os
import sys

from . import host, hypervisor, network, packages, tree
from .shell import LabError, locked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("packages", help="install the packages that the lab needs")
    commands.add_parser("hypervisor", help="start libvirt, or stop the programs that the lab started for it").add_argument("verb", choices=["up", "down"])
    verbs = commands.add_parser("host", help="manage one lab host").add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="create and boot the host; do nothing if it runs")
    up.add_argument("name")
    up.add_argument("--release", default=tree.codename(), help="release of this machine's distribution; default: the same release")
    up.add_argument("--template", default="web", choices=sorted(path.name for path in tree.TEMPLATES.iterdir()))
    for verb, text in (("down", "stop the host and remove its files"), ("ssh", "log in to the host"), ("info", "print facts about the host as JSON")):
        verbs.add_parser(verb, help=text).add_argument("name")
    execute = verbs.add_parser("exec", help="run a command in the host: lab host exec NAME -- CMD...")
    execute.add_argument("name")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    commands.add_parser("list", help="list the lab hosts").add_argument("--json", action="store_true")
    commands.add_parser("down", help="remove every lab host and the lab's network")
    return parser


def _facts(name: str) -> dict[str, str]:
    state = "running" if host.leader(name) else "stopped"
    return {**host.facts(name), "state": state, "key": str(host.key()), "known_hosts": str(host.HOSTS / name / "known_hosts")}


def _list(as_json: bool) -> None:
    known = [_facts(name) for name in host.names()]
    rows = [f"{each['name']:12}{each['state']:9}{each['address']:15}{each['release']}/{each['template']}" for each in known]
    lines = [json.dumps(known, indent=2)] if as_json else rows
    sys.stdout.writelines(line + "\n" for line in lines)


def _host(options: argparse.Namespace) -> int:
    if options.verb == "exec":
        return host.execute(options.name, options.argv[1:] if options.argv[:1] == ["--"] else options.argv)
    if options.verb == "ssh":
        command = host.ssh_command(options.name)
        os.execvp(command[0], command)
    if options.verb == "info":
        sys.stdout.write(json.dumps(_facts(options.name)) + "\n")
        return 0
    with locked():
        if options.verb == "up":
            host.up(options.name, options.release, options.template)
        else:
            host.down(options.name)
    return 0


def _run(options: argparse.Namespace) -> int:
    if options.command == "host":
        return _host(options)
    if options.command == "list":
        _list(options.json)
        return 0
    with locked():
        if options.command == "packages":
            packages.install()
        elif options.command == "hypervisor":
            (hypervisor.up if options.verb == "up" else hypervisor.down)()
        else:
            for name in host.names():
                host.down(name)
            network.down()
    return 0


def main() -> int:
    options = _parser().parse_args()
    if os.geteuid() != 0:
        sys.stderr.write("lab: The lab creates machines and networks, so run it as root: sudo lab ...\n")
        return 1
    try:
        return _run(options)
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
