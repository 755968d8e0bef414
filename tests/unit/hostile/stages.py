# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes hostile harvests through every stage of the hypervisor and the controller, and reports effects: `stages.py DIRECTORY NUMBER`.

test_hostile_mutations.py runs it where everything but DIRECTORY is read-only. Programs are recorded and not started; in DIRECTORY/bin lies one of each
name that the mutations mention, which leaves a mark. The last line of the output is a JSON object with the counts and what went wrong.
"""
from __future__ import annotations

import errno
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from typing import Any, Callable, Sequence

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]

import conftest  # noqa: E402, F401  # pylint: disable=unused-import  # it makes the collection importable
import mutations  # noqa: E402

from ansible_collections.safetytwin.twin.plugins.action import host_state_info, twin_converge  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import outward  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._base.run import Result  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._image import inputs, tree  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._libvirt import metadata  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import fetch, sources  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._planning import reconcile_plan, summary  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._store import ingest  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import open_store  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.module_utils._transport import payload, program  # noqa: E402
from ansible_collections.safetytwin.twin.plugins.plugin_utils import _report, _status_screen  # noqa: E402

HOST = "web1"
SECONDS = 20  # for one case
RENEWED = 200  # cases after which the store is made anew
OPTIONS: reconcile_plan.Options = {"drift": "correct", "scopes": None, "vcpus": 2, "memory_mib": 2048, "self_host": False, "retry": False}
EMPTY = {"status": "ok", "note": "", "items": {}, "excluded": {}}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STARTING = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "pty.spawn", "socket.connect"}
CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.utime", "shutil.rmtree"}
# apt's own configuration has no line that is not of one of these forms.
CONFIGURATION = re.compile(r'[A-Za-z:_-]+ (?:"[^"\n{};]*"|\{ (?:(?:[a-z+]+ )?"[a-z0-9-]*"; )+\});')

EXPECTED = re.compile(r"-q|-s|-o|update|install|show|download|--[a-z-]+|dumpavail|Acquire::Retries=0")
IMAGE_LISTS = {
    "passwd": r"[^:]+(:[^:]*){6}", "group": r"[^:]+(:[^:]*){3}", "shadow": r"[^:]+:!:1::::::", "homes": r"/home/[^:]*:\d+:[^:]+",
    "auto": r"[a-z0-9][\w.+:-]+", "hold": r"[a-z0-9][\w.+:-]+ hold",
}


class Watch:
    """What happens in this process that may not happen."""

    def __init__(self, directory: str) -> None:
        self.directory, self.above, self.armed = directory, os.path.dirname(directory), False
        self.effects: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event in STARTING:
            self.effects.append("%s %r" % (event, arguments))
        elif event in CHANGING or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
            named = arguments[1:2] if event == "os.symlink" else arguments[:2] if event in {"os.rename", "os.link"} else arguments[:1]
            places = [os.path.realpath(os.path.dirname(os.fsdecode(path))) for path in named if isinstance(path, (str, bytes))]
            inside = [place == self.above or (place + "/").startswith(self.directory + "/") for place in places]
            self.effects += ["%s %r" % (event, arguments)] * (not all(inside))


recorded: list[str] = []  # programs that would have been started


def recorder(directory: str, effects: list[str]) -> Callable[..., Result]:
    """A run() that starts nothing and looks at what would be started."""

    def run(argv: Sequence[str], env: Any = None, **_options: Any) -> Result:
        words = list(argv)
        recorded.append(words[0])
        known = words[:words.index("--")] if "--" in words else words
        if [word for word in known[1:] if not EXPECTED.fullmatch(word)]:
            effects.append("argv %r" % (argv,))
        with open(env["APT_CONFIG"], encoding="utf-8") as stream:
            lines = stream.read().splitlines()
        effects.extend("apt.conf %r" % line for line in lines if not CONFIGURATION.fullmatch(line.replace(directory, "")))
        return Result(0, b"", b"")

    return run


def image(store: Any, document: Any, effects: list[str]) -> None:
    """What an image of this host would be built of."""
    facts = sources.image_facts(store, document)
    request: inputs.Request = {"facts": json.loads(json.dumps(facts))}
    inputs.kind(request)
    inputs.key(request)
    for path in inputs.apt_files(facts["sources"]):
        if os.path.normpath("/tree" + path) != "/tree" + path:
            effects.append("image path %r" % path)
    names, _absent = inputs.select(facts["packages"], "amd64", {key.partition(":")[0] for key in facts["packages"]})
    lists = tree.lists(inputs.accounts(facts["accounts"]), facts["packages"], names)
    for name, line in [(name, line) for name, lines in lists.items() for line in lines]:
        odd = re.search(r"[\x00-\x1f\x7f]", line) or line.startswith("-") or (name == "homes" and "/../" in line)
        if odd or not re.fullmatch(IMAGE_LISTS[name], line):
            effects.append("image list %s %r" % (name, line))
    command = [*names, facts["distribution"]["codename"], *inputs.architectures(facts["packages"], "amd64")]
    effects.extend("image argument %r" % word for word in command if word.startswith("-") or re.search(r"[\s'\",]", word))


def take(store: Any, reply: Any, effects: list[str]) -> None:
    """One cycle of a hostile harvest, without a twin: every stage up to its effect."""
    harvest = ingest.read(store, HOST, reply)
    ingest.keep(store, HOST, harvest)
    document = store.document(HOST)
    actual = reconcile_plan.read_afresh("u", "b", 0, {name: dict(EMPTY) for name in document["scopes"]}, None)
    plan = reconcile_plan.reconcile(OPTIONS, document["scopes"], actual)
    wanted = payload._packages(plan.steps)
    machine = document["machine"]
    fetched = fetch.fetch(wanted, machine, sources.apt_sources(store, document["scopes"]), sources.withheld(document["scopes"]),
                          os.path.join(store.root, "packages"), run=recorder(store.root, effects))
    try:
        image(store, document, effects)
    except TwinError as error:
        sentence(str(error), effects)
    done = reconcile_plan.outcome(plan, fetched, [], actual["scopes"])
    verdict = reconcile_plan.verdict(plan, done.failures, actual["scopes"])
    show(document, plan, done, verdict, harvest, effects)
    own: metadata.Metadata = {
        "format": 2, "twin": "twin-web1", "host": HOST, "follows": True, "machine_id": machine["machine_id"], "image": "d", "revision": 1, "address": "",
        "host_key": "", "touched": 0, "snapshots": [],
    }
    assert metadata.read(metadata.text(own), "twin-web1") == own


def show(document: Any, plan: Any, done: Any, verdict: Any, harvest: Any, effects: list[str]) -> None:
    """What a person sees of it: the module's result, the line, the report as JSON, the differences, and the status screen."""
    # As a cycle has them: the host's total, the twin's stages, and its own total.
    seconds = {"harvest": harvest["seconds"].get("total", 0.0), **{"twin " + name: spent for name, spent in harvest["seconds"].items()}, "total": 1.0}
    reply = {
        "host": HOST, "twin_id": "twin-web1", "message": "", "revision": 1, "seconds": seconds, "changes": summary.shown(plan.steps, 50),
        "counts": summary.counts(plan.steps), "failures": summary.sentences(done.failures), "fidelity": verdict, "refused": harvest["violations"][:50],
    }
    result = dict(outward(program.unpack(program.pack({"reply": reply}), HOST)))
    shown = [_report.line(result), _report.as_json(result), *(twin_converge._difference(change)["before_header"] for change in result["changes"])]
    known = {
        "known": True, "digest": "d", "revision": 1, "due": [], "paused": "", "refused": result["refused"], "audited": 0, "verified": 0, "domain": None,
        "fidelity": result["fidelity"], "growth": [], "revisions": [{"number": 1, "at": 1, "digest": "d", "outcome": result}],
    }
    shown += _status_screen.screen(HOST, known, {}, time.time(), details=True)
    effects.extend("shown %r" % line[:200] for line in shown if not line.isprintable())
    for name, body in document["scopes"].items():
        host_state_info._summary(name, body)


def sentence(said: str, effects: list[str]) -> None:
    if not said.isprintable() or len(said) > 4096:
        effects.append("sentence %r" % said[:200])


def late(_signal: int, _frame: Any) -> None:
    raise TimeoutError("a case took longer than its deadline")


def check_watch(watch: Watch, directory: str) -> None:
    """See that the watch notices a program and a file elsewhere, and that this machine's files cannot be written."""
    watch.armed = True
    subprocess.run(["true"], check=True)
    with open(os.path.join(directory, "outside", "seen"), "w", encoding="ascii") as stream:
        os.unlink(stream.name)
    refused = False
    try:
        os.close(os.open("/etc/safetytwin-seen", os.O_WRONLY | os.O_CREAT))
    except OSError as error:
        refused = error.errno == errno.EROFS
    assert refused, "the machine's own files can be written here"
    watch.armed = False
    assert [effect.split()[0] for effect in watch.effects].count("open") == 2 and any("Popen" in effect for effect in watch.effects), watch.effects
    watch.effects.clear()


def main() -> None:
    directory, number = os.path.realpath(sys.argv[1]), int(sys.argv[2])
    marker = os.path.join(directory, "outside", "marker")
    state = os.path.join(directory, "state")
    watch, wrong = Watch(state), []
    counts = {"mutations": 0, "accepted": 0, "refused in a sentence": 0, "effects": 0, "tracebacks": 0, "hangs": 0}
    slowest = 0.0
    signal.signal(signal.SIGALRM, late)
    check_watch(watch, directory)
    for count, (name, reply) in enumerate(mutations.cases(marker, number)):
        if count % RENEWED == 0:
            shutil.rmtree(state, ignore_errors=True)
            os.makedirs(state)
        watch.armed, before = True, len(watch.effects)
        begun = time.monotonic()
        signal.alarm(SECONDS)
        try:
            with open_store(state, state) as store:
                take(store, reply, watch.effects)
            counts["accepted"] += 1
        except TwinError as error:
            sentence(str(error), watch.effects)
            counts["refused in a sentence"] += 1
        except TimeoutError:
            counts["hangs"] += 1
            wrong.append(name)
        except Exception:  # noqa: BLE001 any of them is a traceback that the case brought about
            counts["tracebacks"] += 1
            wrong.append("%s\n%s" % (name, traceback.format_exc()[-1500:]))
        finally:
            signal.alarm(0)
            watch.armed = False
        slowest = max(slowest, time.monotonic() - begun)
        counts["mutations"] += 1
        if len(watch.effects) > before:
            counts["effects"] += 1
            wrong.append("%s: %s" % (name, watch.effects[before]))
    counts["programs recorded"] = len(recorded)
    sys.stdout.write("\n" + json.dumps({"counts": counts, "slowest": round(slowest, 2), "wrong": wrong[:20]}) + "\n")


if __name__ == "__main__":
    main()
