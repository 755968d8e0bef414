# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a plan: batch by batch in the graph's order, independent batches at the same time."""

from __future__ import annotations

import concurrent.futures
import time
from typing import Iterable, Sequence

from .._base.errors import TwinError
from .._planning import graph
from .._scopes.model import Spool
from .._scopes.parts import Applier, Step
from .._scopes.registry_parts import appliers
from .._scopes.step_result import Done, Result, failed


def converge(steps: Sequence[Step], spool: Spool, known: dict[str, Applier] | None = None) -> tuple[list[Result], dict[str, float]]:
    """Apply steps and return ([{"id", "changed", "failed"}] in the plan's order, {batch: seconds}).

    Whatever exception a step raises becomes its sentence in `failed`. The steps that require it are skipped with that reason, and all other steps are
    applied. known is {batch: applier}, by default those of all scopes; seconds are wall time.
    """
    run = _Run(spool, _by_batch() if known is None else known)
    run.all(graph.batches(steps))
    done = ((step["id"], run.done[step["id"]]) for step in graph.ordered(steps))
    results: list[Result] = [{"id": name, "changed": one.changed, "failed": one.failed} for name, one in done]
    return results, {name: round(spent, 3) for name, spent in run.seconds.items()}


def _by_batch() -> dict[str, Applier]:
    return {"%s.%s" % (scope, name): applier for scope, part in appliers().items() for name, applier in part.items()}


class _Run:
    """One application of a plan."""

    def __init__(self, spool: Spool, known: dict[str, Applier]) -> None:
        self.spool, self.known = spool, known
        self.done: dict[str, Done] = {}
        self.named: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def all(self, waiting: list[graph.Batch]) -> None:
        """Run every batch once the batches that it comes after have ended."""
        self.named = {step["id"]: "%s %s" % (step["scope"], step["key"] or step["verb"]) for batch in waiting for level in batch.levels for step in level}
        ended: set[str] = set()
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            running: dict[concurrent.futures.Future[None], str] = {}
            while waiting or running:
                for batch in [batch for batch in waiting if batch.after <= ended]:
                    waiting.remove(batch)
                    running[pool.submit(self._batch, batch)] = batch.name
                for job in concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED).done:
                    job.result()
                    ended.add(running.pop(job))

    def _batch(self, batch: graph.Batch) -> None:
        start = time.monotonic()
        for level in batch.levels:
            ready = [step for step in level if not self._skipped(step)]
            if ready:
                self.done.update(self._apply(batch.name, ready))
        self.seconds[batch.name] = time.monotonic() - start

    def _skipped(self, step: Step) -> bool:
        """Whether a step that this one requires did not reach its goal; then it is done, as skipped."""
        blocking = [needed for needed in step["requires"] if needed in self.done and self.done[needed].blocks]
        if blocking:
            self.done[step["id"]] = failed("dependency_failed: %s" % self.named[blocking[0]])
        return bool(blocking)

    def _apply(self, batch: str, steps: Sequence[Step]) -> dict[str, Done]:
        if batch not in self.known:
            return dict.fromkeys(_ids(steps), failed("This version cannot apply %s: install the same version on hypervisor and twin." % batch))
        done = _attempt(self.known[batch], steps, self.spool)
        lost = failed("The applier of %s did not report on it; the next cycle tries again." % batch)
        return {step: done.get(step, lost) for step in _ids(steps)}


def _attempt(applier: Applier, steps: Sequence[Step], spool: Spool) -> dict[str, Done]:
    """What an applier did; where it breaks, each half is tried by itself, until only the steps at fault are left."""
    try:
        return applier(steps, spool)
    except Exception as error:  # noqa: BLE001  # any exception of an applier is the failure of its steps only
        if len(steps) == 1:
            return {steps[0]["id"]: failed(_cause(error))}
    half = len(steps) // 2
    return {**_attempt(applier, steps[:half], spool), **_attempt(applier, steps[half:], spool)}


def _cause(error: Exception) -> str:
    """The true cause as a sentence."""
    if isinstance(error, TwinError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return "%s: %s." % (error.filename, error.strerror) if error.filename else "%s." % error.strerror
    return "%s: %s" % (type(error).__name__, error)


def _ids(steps: Iterable[Step]) -> list[str]:
    return [step["id"] for step in steps]
