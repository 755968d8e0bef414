# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of the hypervisor: one walk from a harvest to a verified, recorded twin."""
from __future__ import annotations

import json
import os
import time

from ._base.codec import write_atomic
from ._base.errors import Refused
from ._base.machine import machine
from ._libvirt import client
from ._planning.reconcile_plan import Judgement
from ._store import ingest
from ._store.sqlite import Store, hold
from ._transport import payload
from ._transport.channel import Channel
from ._transport.program import main

READ = ["accounts", "files", "hardware", "packages", "services"]  # scopes of a twin: containers are not reproduced yet
SHOWN = 50  # changes named in a result; the rest is only counted


def cycle(request):
    """Make a twin what its host is; both documents are those of the module twin_converge."""
    with Store(look=request["check"]) as store:
        if request["check"]:
            return Cycle(store, request).preview()
        with hold(request["host"]):
            return Cycle(store, request).run()


class Cycle:
    """One cycle of one host; each method is a stage and says how long it took."""

    def __init__(self, store, request):
        self.store, self.request, self.host = store, request, request["host"]
        self.rules = {"roots": request["roots"], "exclude": request["exclude"]}
        self.begun = self.lapped = time.monotonic()
        self.seconds = dict(request["seconds"])

    def lap(self, stage):
        now = time.monotonic()
        self.seconds[stage] = round(self.seconds.get(stage, 0) + now - self.lapped, 3)
        self.lapped = now

    def preview(self):
        """What run() would do: the same walk up to the plan, in which nothing is written and no twin is started."""
        reply = self.request["harvest"]
        document = ingest.preview(self.store, self.host, reply) if reply else ingest.known(self.store, self.host)
        head = self.store.head(self.host)
        made = "The twin would be made and brought to the state of %s." % self.host
        if head is None:
            return self._result("absent", message=made, changed=True)
        if head["paused"] and not self.request["resume"]:
            return self._paused(head)
        with client.connect() as connection:
            twin = client.find_twin(connection, self.host)
            if twin is None:
                return self._result("absent", message=made, changed=True)
            self._admit(twin, head)
            if twin["state"] != "running":
                would = "The twin is %s: it would be started, read as a whole and brought to the state of %s." % (twin["state"], self.host)
                return self._result("following", message=would, changed=True)
            judgement = self._look(twin, document)
        if judgement.pause:
            return self._result("paused", message=judgement.pause, drift=judgement.drift)
        return self._result("following", changed=bool(judgement.steps), judgement=judgement)

    def run(self):
        reply = self.request["harvest"]
        document = ingest.take(self.store, self.host, reply) if reply else ingest.known(self.store, self.host)
        self.lap("intake")
        head = self.store.head(self.host)
        if head["paused"] and not self.request["resume"]:
            return self._paused(head)
        with client.connect() as connection:
            twin = client.find_twin(connection, self.host)
            if twin is None:
                return self._absent(document)
            self._admit(twin, head)
            if head["paused"]:
                self.store.pause(self.host, "")
            if twin["state"] != "running":
                client.ensure_running(connection, self.host)
            self._enter(twin)
            return self._converge(connection, twin, document)

    def _paused(self, head):
        return self._result("paused", message="The twin is paused: %s" % head["paused"])

    def _absent(self, document):
        """Leave the facts that a base image is built of where provisioning looks for them."""
        directory = os.path.join(self.store.root, "twins", client.domain_name(self.host))
        os.makedirs(directory, 0o711, exist_ok=True)
        path = os.path.join(directory, "image-facts.json")
        write_atomic(path, json.dumps(ingest.image_facts(self.store, document)).encode("ascii"))
        self.store.forget_actual(self.host)
        return self._result("absent", message="The twin of %s does not exist yet." % self.host, facts=path, machine_id=document["machine"]["machine_id"])

    def _admit(self, twin, head):
        """The fence: the domain knows the newest revision it was given, which a reverted disk or an older store does not."""
        metadata = twin["metadata"]
        if metadata["machine_id"] != head["machine_id"]:
            raise Refused("The twin %s was made of another machine (%s): nothing was changed." % (twin["domain"], metadata["machine_id"]))
        if int(metadata["revision"]) > head["revision"]:
            raise Refused(
                "The twin %s is at revision %s, this store knows %d: the store is older than the twin. Restore the store, or remove the twin."
                % (twin["domain"], metadata["revision"], head["revision"])
            )

    def _look(self, twin, document):
        """The plan, and no trace of us: a channel left behind would hide from the next cycle that the twin has rebooted."""
        stays = Channel(twin).alive()
        self._enter(twin)
        try:
            return self._plan(twin, document)[0]
        finally:
            if not stays:
                self.channel.close()

    def _enter(self, twin):
        self.channel = Channel(twin)
        self.boot_id = self.channel.open(self.request["patience"])
        self.lap("wake")

    def _read_twin(self, twin):
        """(the twin's document as recorded, or read whole where the record may not hold; the recorded one or None; whether it was read)."""
        head, recorded = self.store.head(self.host), self.store.documents(self.host)[1]
        if recorded and recorded["uuid"] != twin["uuid"]:
            recorded = None
        overdue = abs(time.time() - head["audited"]) > self.request["audit_interval"]
        rebooted = recorded and recorded.get("boot_id") != self.boot_id
        if recorded and not (self.request["audit"] or head["applying"] or rebooted or overdue):
            return recorded, recorded, False
        reply = self.channel.call("_harvest", dict(self.rules, role="twin", scopes=READ))
        self.lap("audit")
        fresh = {"uuid": twin["uuid"], "boot_id": self.boot_id, "scopes": reply["scopes"], "substrate": None, "left": {}}
        if recorded:
            fresh.update(substrate=recorded["substrate"], left=recorded["left"])
        return fresh, None if head["applying"] else recorded, True

    def _judge(self, document, actual, recorded, unfinished):
        # A host that is its own hypervisor must not find itself in the twin.
        request = dict(self.request, self_host=document["machine"]["machine_id"] == machine()["machine_id"])
        return Judgement(request, document["scopes"], actual, recorded, unfinished)

    def _plan(self, twin, document):
        """(judgement, the twin's document, whether that was just read)."""
        actual, recorded, audited = self._read_twin(twin)
        unfinished = json.loads(self.store.head(self.host)["applying"] or "[]")
        judgement = self._judge(document, actual, recorded if audited else None, unfinished)
        self.lap("plan")
        return judgement, actual, audited

    def _converge(self, connection, twin, document):
        judgement, actual, audited = self._plan(twin, document)
        if judgement.pause:
            self.store.pause(self.host, judgement.pause)
            return self._result("paused", message=judgement.pause, drift=judgement.drift)
        if judgement.steps:
            actual = self._apply(connection, twin, document, judgement, actual)
            judgement.give_up(actual)
        verdict = judgement.verdict(actual)
        pending = payload.missing_contents(self.store, judgement.steps)
        result = self._result("following", changed=judgement.changed, judgement=judgement, verdict=verdict, audited=audited)
        if judgement.steps or audited or not self.store.head(self.host)["settled"]:
            self.store.settle(self.host, actual, dict(verdict, pending=pending), self._outcome(result), audited, judgement.rest)
        return result

    def _apply(self, connection, twin, document, judgement, actual):
        packages = payload.fetch_packages(self.store, document, judgement.steps)
        judgement.note_packages(packages)
        self.lap("fetch")
        revision = self.store.head(self.host)["revision"]
        self.store.intend(self.host, [[step["key"], step["verb"]] for step in judgement.steps if step["verb"] in ("restart", "reload")])
        client.set_revision(connection, self.host, revision)
        order = {
            "uuid": twin["uuid"], "host": self.host, "revision": revision, "plan": {"steps": judgement.steps},
            "rules": self.rules,
        }
        reply = payload.deliver(self.channel, self.store, order, packages["files"])
        self.lap("converge")
        self.seconds.update({"twin " + phase: seconds for phase, seconds in reply["seconds"].items()})
        judgement.note_results(reply["results"])
        return dict(actual, scopes=payload.read_back(actual["scopes"], reply))

    def _result(self, twin, message="", changed=False, judgement=None, verdict=None, **more):
        self.lap("record")
        result = {
            "host": self.host, "twin": twin, "message": message, "changed": changed,
            "revision": (self.store.head(self.host) or {"revision": 0})["revision"],
            "changes": judgement.shown(SHOWN) if judgement else [], "counts": judgement.counts() if judgement else {},
            "failures": judgement.failed() if judgement else [], "drift": judgement.drift if judgement else [],
            "fidelity": {name: value for name, value in (verdict or {}).items() if name.startswith("percent") or name == "scopes"},
            "seconds": dict(self.seconds, total=round(sum(self.request["seconds"].values()) + time.monotonic() - self.begun, 3)),
        }
        return dict(result, **more)

    @staticmethod
    def _outcome(result):
        changes = [{name: change[name] for name in ("scope", "key", "verb", "because")} for change in result["changes"]]
        return {"changes": changes, "counts": result["counts"], "failures": result["failures"], "seconds": result["seconds"]}


if __name__ == "__main__":
    main(cycle)
