# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program of the hypervisor: one cycle, from a harvest to a verified, recorded twin."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
from typing import Any, ContextManager, Iterator

from ._base import paths
from ._base.codec import write_atomic
from ._base.errors import Refused, TwinError, Unreachable
from ._base.machine import machine
from ._base.names import chosen, following
from ._libvirt import client
from ._packages.sources import image_facts
from ._planning import due, reconcile_plan, retry, summary, validate_reply
from ._planning.reconcile_plan import Outcome, ReconcilePlan
from ._scopes.model import Actual, HostDocument
from ._scopes.registry_parts import policies
from ._scopes.schema import FORMAT, require_converged
from ._store import ingest, retention
from ._store.layout import host_key, twin_key
from ._store.records import Head, Store, open_store
from ._transport import payload
from ._transport.channel import Channel
from ._transport.program import main
from ._twin import claims, recovery
from ._twin.watch import Watch

SHOWN = 50  # changes named in a result; the rest is only counted


def cycle(request: dict[str, Any]) -> dict[str, Any]:
    """Make a twin what its host is; request and reply are those of the module twin_converge.

    In check mode the same is read and decided, and nothing is written, started or applied.
    """
    require_converged(request["scopes"] or ())
    with open_store(look=request["check"]) as store, _lease(store, request):
        return Cycle(store, request).run()


def _lease(store: Store, request: dict[str, Any]) -> ContextManager[None]:
    """The twin for this cycle alone; check mode, which writes nothing, needs no lease."""
    twin_id = chosen(request.get("twin"), request["host"])
    return contextlib.nullcontext() if request["check"] else store.lease(twin_key(twin_id), twin_id)


class Cycle:
    """One cycle of one twin; each method is a stage and says how long it took."""

    def __init__(self, store: Store, request: dict[str, Any]) -> None:
        self.store, self.request, self.host = store, request, request["host"]
        self.twin_id = chosen(request.get("twin"), self.host)
        self.head: Head | None = None
        self.recovered: list[str] = []  # what it took to make the twin answer, for people
        self.check: bool = request["check"]
        self.rules = {"roots": request["roots"], "exclude": request["exclude"]}
        self.begun = self.lapped = time.monotonic()
        self.seconds: dict[str, float] = dict(request["seconds"])
        self.refused: list[str] = []  # of what the host said
        self.retry = False  # package files are fetched again

    @property
    def known(self) -> Head:
        """The store's record of a twin that is known."""
        if self.head is None:
            raise TwinError("There is no record of a twin %s here: run safetytwin.twin.sync first." % self.twin_id)
        return self.head

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as the stage's."""
        now = time.monotonic()
        self.seconds[stage] = round(self.seconds.get(stage, 0) + now - self.lapped, 3)
        self.lapped = now

    def run(self) -> dict[str, Any]:
        """Read, decide, and apply unless the twin is only to be looked at."""
        document = self._take_in()
        with client.connect() as connection:
            twin = client.find_twin(connection, self.twin_id)
            head = self.head = self._record(twin)
            reasons = due.due(self._situation(head, twin))
            self.retry = due.RETRY in reasons
            if head and head["paused"] and not self.request["resume"]:
                return self._result("paused", message="The twin is paused: %s" % head["paused"])
            if head is None or twin is None:
                return self._absent(document)
            claims.fence(twin, head)
            if twin["state"] != "running" and self.check:
                would = "The twin is %s: it would be started, read and converged to the state of %s." % (twin["state"], self.host)
                return self._result("following", message=would, changed=True)
            if head["paused"] and not self.check:
                self.store.pause(self.twin_id, "")
                self.head = self.store.head(self.twin_id)
            return self._follow(connection, twin, document, due.reads_whole(reasons))

    def _take_in(self) -> HostDocument:
        """The host's document with the harvest in it, if there is one; recorded as the next revision where it differs."""
        reply = self.request["harvest"]
        harvest = None if reply is None else ingest.read(self.store, self.host, reply)
        self.refused = ingest.refused(self.store, self.host, harvest)
        if harvest and not self.check:
            with self.store.lease(host_key(self.host), self.host):
                ingest.keep(self.store, self.host, harvest)
        self.lap("ingest")
        return ingest.document_of(harvest) if harvest else ingest.known(self.store, self.host)

    def _record(self, twin: client.Twin | None) -> Head | None:
        """What is recorded of the twin; outside check mode a twin that is new here is recorded first. One of another host is refused."""
        if twin and twin["host"] != self.host:
            raise Refused("The twin %s is one of host %s, not of %s: choose another id with the option twin." % (self.twin_id, twin["host"], self.host))
        if not self.check:
            self.store.adopt(self.twin_id, self.host, twin["follows"] if twin else self.twin_id == following(self.host))
        return self.store.head(self.twin_id)

    def _situation(self, head: Head | None, twin: client.Twin | None) -> due.Situation:
        return due.situation(head, twin, {
            "audit_interval": self.request["audit_interval"], "now": time.time(), "rebooted": False, "changed": False,
            "verify": self.request["audit"], "resume": self.request["resume"],
        })

    def _absent(self, document: HostDocument) -> dict[str, Any]:
        """Leave the facts that a base image is built of where provisioning finds them."""
        if self.check:
            return self._result("absent", message="The twin would be created and converged to the state of %s." % self.host, changed=True)
        self.store.forget_actual(self.twin_id, payload.missing_sources(self.store, document))
        payload.require_sources(self.store, document, self.host)
        directory = os.path.join(self.store.root, paths.TWINS, self.twin_id)
        os.makedirs(directory, 0o711, exist_ok=True)
        path = os.path.join(directory, "image-facts.json")
        write_atomic(path, json.dumps(image_facts(self.store, document)).encode("ascii"))
        message = "The twin of %s does not exist yet." % self.host
        return self._result("absent", message=message, facts=path, machine_id=document["machine"]["machine_id"])

    def _follow(self, connection: Any, twin: client.Twin, document: HostDocument, whole: bool) -> dict[str, Any]:
        """Enter the twin and converge it. A machine that goes away meanwhile is brought back and read whole, once; check mode only says it."""
        try:
            with self._entered(connection, twin):
                return self._converge(connection, twin, document, whole)
        except Unreachable:
            again = client.find_twin(connection, self.twin_id)
            if self.check or again is None:
                raise
        self.head = self.store.head(self.twin_id)
        with self._entered(connection, again):
            return self._converge(connection, again, document, True)

    @contextlib.contextmanager
    def _entered(self, connection: Any, twin: client.Twin) -> Iterator[None]:
        """Have a channel into the twin. Check mode leaves none behind: it would hide from the next cycle that the twin has rebooted."""
        self.channel = Channel(twin)
        if twin["state"] != "running" or self.known["touched"] != twin["touched"]:
            self.channel.close()  # its master may be one of the boot before
        stays = not self.check or self.channel.alive()
        watch = self._watch(connection, twin)
        self.boot_id = self.channel.open(watch.look)
        if not self.check:
            self.store.answered(self.twin_id, watch.boot_seconds(first=not self.known["seen"]))
        self.recovered += watch.done
        self.lap("wake")
        try:
            yield
        finally:
            if not stays:
                self.channel.close()

    def _watch(self, connection: Any, twin: client.Twin) -> Watch:
        """What looks after the twin while it does not answer."""
        remember = None if self.check else functools.partial(self.store.unanswered, self.twin_id)
        return Watch(connection, twin, recovery.limits(self.request, self.known), self.known["resets"], remember)

    def _read_twin(self, twin: client.Twin, whole: bool) -> tuple[Actual, Actual | None, bool]:
        """(the twin as recorded, or read whole where the record may not hold; the recorded one or None; whether it was read)."""
        recorded = self.store.actual(self.twin_id)
        if recorded and recorded["uuid"] != twin["uuid"]:
            recorded = None
        same = recorded is not None and recorded.get("format") == FORMAT  # else it lacks fields, which is no difference
        if recorded and not whole and same and recorded.get("boot_id") == self.boot_id:
            return recorded, recorded, False
        reply = self.channel.call("_harvest", dict(self.rules, role="twin", scopes=sorted(policies())))
        scopes = validate_reply.parse_twin(reply, sorted(policies()), recorded["scopes"] if recorded else {}, twin["domain"])
        self.lap("audit")
        fresh = reconcile_plan.read_afresh(twin["uuid"], self.boot_id, twin["touched"], scopes, recorded)
        return fresh, recorded if same and not self.known["applying"] else None, True

    def _plan(self, document: HostDocument, actual: Actual, recorded: Actual | None) -> ReconcilePlan:
        options: reconcile_plan.Options = {
            "drift": self.request["drift"], "scopes": self.request["scopes"], "vcpus": self.request["vcpus"], "memory_mib": self.request["memory_mib"],
            # A host that is its own hypervisor must not find itself in the twin.
            "self_host": document["machine"]["machine_id"] == machine()["machine_id"], "retry": self.retry,
        }
        return reconcile_plan.reconcile(options, document["scopes"], actual, recorded, self.known["units"])

    def _converge(self, connection: Any, twin: client.Twin, document: HostDocument, whole: bool) -> dict[str, Any]:
        actual, recorded, audited = self._read_twin(twin, whole)
        plan = self._plan(document, actual, recorded if audited else None)
        self.lap("plan")
        if self.check:
            return self._shown(plan, bool(plan.steps))
        if plan.pause:
            self.store.pause(self.twin_id, plan.pause)
            return self._shown(plan, False)
        scopes, done = actual["scopes"], Outcome(False, plan.failures, plan.given_up)
        if plan.steps:
            scopes, done = self._apply(connection, twin, document, plan, actual)
        verdict = reconcile_plan.verdict(plan, done.failures, scopes)
        result = self._shown(plan, done.changed, done, verdict, audited=audited)
        if plan.steps or audited or not self.known["settled"] or self.known["fidelity"].get("pending") or self.retry:
            after = dict(actual, scopes=scopes, substrate=plan.substrate, given_up=done.given_up)
            pending = payload.missing_contents(self.store, document, plan.steps, scopes)
            again = retry.retry_at(done.given_up, plan.steps, self.known["fidelity"].get("retry_at", 0), time.time(), self.seconds.get("fetch", 0))
            fidelity = dict(verdict, pending=pending, retry_at=again)
            self.store.settle(self.twin_id, self.known["revision"], after, fidelity, summary.recorded(result), audited, plan.rest)
        if done.changed:
            result["failures"] += retention.prune(self.store, {each["metadata"]["image"] for each in client.twins(connection)})
        return result

    def _apply(self, connection: Any, twin: client.Twin, document: HostDocument, plan: ReconcilePlan, actual: Actual) -> tuple[Any, Outcome]:
        """(the twin's scopes as read back, what the plan came to)."""
        fetched = payload.fetch_packages(self.store, document, plan.steps, self.request)
        self.lap("fetch")
        revision = self.known["revision"]
        self.store.intend(self.twin_id, [[step["key"], step["verb"]] for step in plan.steps if step["verb"] in ("restart", "reload")])
        client.set_revision(connection, self.twin_id, revision)
        order = {"uuid": twin["uuid"], "host": self.host, "twin": self.twin_id, "revision": revision, "plan": {"steps": plan.steps}, "rules": self.rules}
        answer = payload.deliver(self.channel, self.store, order, fetched["files"])
        reply = validate_reply.parse_apply(answer, [step["id"] for step in plan.steps], actual["scopes"], twin["domain"])
        self.lap("converge")
        self.seconds.update({"twin " + batch: seconds for batch, seconds in reply["seconds"].items()})
        after = payload.read_back(actual["scopes"], reply)
        return after, reconcile_plan.outcome(plan, fetched, reply["results"], after)

    def _shown(self, plan: ReconcilePlan, changed: bool, done: Outcome | None = None, verdict: Any = None, **more: Any) -> dict[str, Any]:
        """The result of a cycle that came as far as a plan."""
        shown: dict[str, Any] = {
            "changes": summary.shown(plan.steps, SHOWN), "counts": summary.counts(plan.steps), "drift": plan.drift,
            "failures": summary.sentences(done.failures if done else plan.failures),
            "fidelity": {name: value for name, value in (verdict or {}).items() if name.startswith("percent") or name == "scopes"},
        }
        if plan.pause:
            return self._result("paused", message=plan.pause, drift=plan.drift)
        return self._result("following", changed=changed, **shown, **more)

    def _result(self, twin: str, message: str = "", changed: bool = False, **more: Any) -> dict[str, Any]:
        self.lap("record")
        nothing: dict[str, list[Any] | dict[str, Any]] = {"changes": [], "counts": {}, "failures": [], "drift": [], "fidelity": {}}
        total = sum(self.request["seconds"].values()) + time.monotonic() - self.begun
        return {
            "host": self.host, "twin_id": self.twin_id, "twin": twin, "message": message, "changed": changed or bool(self.recovered),
            "recovered": self.recovered, "refused": self.refused[:SHOWN], "revision": self.head["revision"] if self.head else 0,
            "seconds": dict(self.seconds, total=round(total, 3)),
            **nothing, **more,
        }


if __name__ == "__main__":
    main(cycle, "libvirt")
