# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks that succeeded on commit 490e4e9: each has its effect there, and the same value is refused here."""
from __future__ import annotations

import base64
import io
import json
import pathlib
import runpy
import subprocess
import sys
import tarfile
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
OLD = "490e4e9"
sys.path.insert(0, str(ROOT / "tests" / "unit" / "hostile"))
if "ansible_collections.safetytwin.twin" not in sys.modules:  # the unit tests, or this, make the collection importable
    runpy.run_path(str(ROOT / "tests" / "unit" / "conftest.py"))

import fuzz_targets  # noqa: E402
import mutations  # noqa: E402

pytestmark = pytest.mark.hostile
HOOK = 'APT::Update::Pre-Invoke { "touch %s"; };'
# What of the harvest it is, the value, and what the old code did with it: Python that ends with the words True or False in `effect`.
# {work} is an empty directory and {marker} a file that no attack may bring about.
ATTACKS = {
    "an architecture with a quote runs a program by apt": (
        ("machine", "architecture"), 'amd64"; }; ' + HOOK % "{marker}" + ' x { "',
        "from plugins.module_utils._packages import _aptroot\n"
        "with contextlib.suppress(Exception):\n    _aptroot.Apt(work, {}, [value]).update()\neffect = os.path.exists(marker)"),
    "an architecture of a package runs a program by apt": (
        ("scopes", "packages", "items", "ab:amd64"), 'ab:amd64"; }; ' + HOOK % "{marker}" + ' x { "',
        "from plugins.module_utils._packages import _aptroot\n"
        "with contextlib.suppress(Exception):\n    _aptroot.Apt(work, {}, ['amd64', value.partition(':')[2]]).update()\neffect = os.path.exists(marker)"),
    "a key of a file leaves its directory and configures apt": (
        ("scopes", "files", "items", "/etc/apt/sources.list"), "/etc/apt/sources.list.d/../../../none/x.conf",
        "from plugins.module_utils._packages import _aptroot\n"
        "with contextlib.suppress(Exception):\n"
        "    _aptroot.Apt(work, {value: ('APT::Update::Pre-Invoke { \"touch %s\"; };' % marker).encode()}, ['amd64']).update()\n"
        "effect = os.path.exists(marker)"),
    "a package is named like an option of apt": (
        ("scopes", "packages", "items", "ab:amd64"), "-oDir::Log::Terminal={marker}:amd64",
        "from plugins.module_utils._packages import _aptroot\nsaid = []\n"
        "apt = _aptroot.Apt(work, {}, ['amd64'], run=lambda argv, **more: said.append(argv))\n"
        "apt.download([{'name': value.rpartition(':')[0], 'arch': 'all', 'version': '1'}], work)\n"
        "effect = '--' not in said[-1] and any(word.startswith('-oDir::Log') for word in said[-1])"),
    "a release leaves its directory": (
        ("machine", "distribution", "version_id"), "x/../../escaped",
        "from plugins.module_utils._packages import _fetch\n"
        "machine = {'distribution': {'id': 'debian', 'version_id': value, 'codename': 'x'}, 'architecture': 'x86_64'}\n"
        "os.makedirs(work + '/own')\nos.makedirs(work + '/own/debian-x')\n_fetch.fetch([], machine, [], work + '/own')\n"
        "effect = os.path.exists(work + '/escaped')"),
    "a code name is an option of mmdebstrap": (
        ("machine", "distribution", "codename"), "--logfile={marker}",
        "from plugins.module_utils._image import _build\nfrom plugins.module_utils._packages import _aptroot\nsaid = []\n"
        "_build.check = lambda argv, *more, **options: said.append(argv)\n"
        "apt = _aptroot.Apt(work + '/apt', {}, ['amd64'])\n"
        "_build._tree(work, apt, {'distribution': {'codename': value}}, ['amd64'], ['ab'], work)\neffect = value in said[0] and '--' not in said[0]"),
    "a comment adds an account": (
        ("scopes", "accounts", "items", "user:ola", "gecos"), "Ola\nevil:x:0:0:",
        "from plugins.module_utils._image import _tree\n"
        "items = {'user:ola': {'uid': 1000, 'group': 'ola', 'gecos': value, 'home': '/home/ola', 'shell': '/bin/sh'}}\n"
        "effect = any(line.startswith('evil:x:0:0') for line in '\\n'.join(_tree.lists(items, {}, [])['passwd']).splitlines())"),
    "a home leaves the image's tree": (
        ("scopes", "accounts", "items", "user:ola", "home"), "/home/../../escaped",
        "from plugins.module_utils._image import _tree\n"
        "items = {'user:ola': {'uid': 1000, 'group': 'ola', 'gecos': '', 'home': value, 'shell': '/bin/sh'}}\n"
        "effect = _tree.lists(items, {}, [])['homes'][0].startswith(value + ':')"),
}


@pytest.fixture(name="old", scope="module")
def fixture_old(tmp_path_factory):
    """The plugins of the old commit."""
    place = tmp_path_factory.mktemp("old")
    archive = subprocess.run(["git", "archive", OLD, "plugins"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place)
    return place


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_of_the_review_had_its_effect_and_has_it_no_more(attack, old, tmp_path):
    place, value, code = ATTACKS[attack]
    work, marker = tmp_path / "work", tmp_path / "marker"
    work.mkdir()
    value = value.replace("{marker}", str(marker))
    program = "import contextlib, os, sys\nvalue, work, marker = sys.argv[1:]\n%s\nprint(effect)" % code
    done = subprocess.run([sys.executable, "-c", program, value, str(work), str(marker)], cwd=old, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == ["True"], "no effect on %s: %s" % (OLD, done.stdout + done.stderr)
    document = mutations.seed(str(marker))
    made = mutations.changed(document, place, place[-2] == "items", value)
    made["digest"] = ""
    harvest = fuzz_targets.sentence_of(lambda: fuzz_targets.parse_harvest(fuzz_targets.declared(made), None, None, "web1"))
    if harvest is None:
        return  # refused as a whole
    kept = json.dumps({name: body["items"] for name, body in harvest["scopes"].items()})
    assert harvest["violations"] and json.dumps(value)[1:-1] not in kept


def test_deep_json_was_a_traceback(old):
    packed = b"safetytwin:" + base64.b64encode(zlib.compress(b"[" * 100000))
    code = "import sys; from plugins.module_utils import _program; _program.unpack(sys.stdin.buffer.read(), 'x')"
    done = subprocess.run([sys.executable, "-c", code], cwd=old, input=packed, capture_output=True, timeout=60, check=False)
    assert b"RecursionError" in done.stderr
    assert fuzz_targets.sentence_of(lambda: fuzz_targets.program.unpack(packed, "x")) is None


def test_the_redactor_took_quadratic_time(old):
    """The time on this commit is measured by bench/redactor.py; here it comes to its end."""
    text = "-----BEGIN PRIVATE KEY-----" + "\n" * 16000
    code = "import sys, time; from plugins.module_utils import _redact; begun = time.process_time(); _redact.secret_in('/etc/a', sys.stdin.buffer.read()); " \
           "print(time.process_time() - begun)"
    old_seconds = float(subprocess.run([sys.executable, "-c", code], cwd=old, input=text.encode(), capture_output=True, timeout=300, check=True).stdout)
    code = code.replace("plugins.module_utils import _redact", "ansible_collections.safetytwin.twin.plugins.module_utils._secrets import redact as _redact")
    new = "import sys; sys.path[:0] = [%r]; import conftest; %s" % (str(ROOT / "tests/unit"), code)
    new_seconds = float(subprocess.run([sys.executable, "-c", new], cwd=old, input=text.encode(), capture_output=True, timeout=60, check=True).stdout)
    assert old_seconds > 20 * new_seconds, (old_seconds, new_seconds)
