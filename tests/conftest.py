# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-playbook against real actions, modules and roles, with directories of ours that are the test's alone."""
from __future__ import annotations

import collections
import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What this machine may have of ours is neither read nor touched.
ALONE = 'for each in /var/lib/safetytwin /run/safetytwin; do mkdir -p $each; mount -t tmpfs -o mode=700 tmpfs $each; done; exec "$@"'
SYSTEM = "/usr/bin/python3"  # has psutil and libvirt, also where Ansible runs in a virtual environment
Played = collections.namedtuple("Played", "status output results")


@pytest.fixture(name="play", scope="module")
def fixture_play(tmp_path_factory):
    """Runs tasks, {name: task}, on host web1, which is this machine; Played.results are theirs, {name: result}. A failed task stops nothing."""
    program = shutil.which("ansible-playbook")
    if program is None:
        pytest.fail("ansible-playbook is not on the path: run the tests by make check.")
    if os.geteuid() != 0:
        pytest.skip("only root can have directories of its own in place of the machine's")
    collection = tmp_path_factory.mktemp("collections")
    (collection / "ansible_collections" / "safetytwin").mkdir(parents=True)
    (collection / "ansible_collections" / "safetytwin" / "twin").symlink_to(ROOT)
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(collection), "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_PIPELINING": "true",
        "PYTHONPATH": str(ROOT / "plugins"), "PYTHONDONTWRITEBYTECODE": "1",
    }

    def play(tasks, *options):
        kept = home / "results.json"
        results = "{{ {%s} | to_json }}" % ", ".join("'%s': %s" % (name, name) for name in tasks)
        steps = [dict(task, name=name, register=name, ignore_errors=True) for name, task in tasks.items()]
        steps.append({"name": "keep", "ansible.builtin.copy": {"content": results, "dest": str(kept)}, "check_mode": False, "diff": False})
        book = home / "book.yml"
        python = {"ansible_python_interpreter": SYSTEM}
        book.write_text(json.dumps([{"hosts": "web1", "gather_facts": False, "vars": python, "tasks": steps}]), encoding="ascii")
        command = ["unshare", "--mount", "sh", "-euc", ALONE, "sh", program, "-i", "web1,", "-c", "local"]
        done = subprocess.run(
            [*command, *options, str(book)],
            env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False,
        )
        assert kept.exists(), done.stdout
        return Played(done.returncode, done.stdout, json.loads(kept.read_text(encoding="utf-8")))

    return play
