# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of a plan: batches by what they come after, steps by what they require."""
from __future__ import annotations

import random

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._planning import graph
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.parts import Order


def step(name, batch, after=(), requires=()):
    return {
        "id": name, "batch": batch, "verb": "ensure", "scope": batch.partition(".")[0], "key": name, "want": {}, "have": None, "because": "",
        "requires": list(requires), "after": list(after),
    }


def names(steps):
    return [one["id"] for one in graph.ordered(steps)]


def test_batches_are_ordered_by_dependency_and_then_by_name():
    steps = [step("run", "s.run", ["f.place"]), step("file", "f.place", ["p.change"]), step("pkg", "p.change"), step("stop", "s.stop")]
    assert names(steps) == ["pkg", "file", "run", "stop"]
    found = {batch.name: batch.after for batch in graph.batches(steps)}
    assert found == {"p.change": set(), "f.place": {"p.change"}, "s.run": {"f.place"}, "s.stop": set()}


def test_a_batch_that_is_not_in_the_plan_is_not_waited_for():
    assert names([step("file", "f.place", ["p.change"])]) == ["file"]


def test_a_requirement_orders_batches_as_well():
    assert names([step("a", "a.ensure", requires=["b"]), step("b", "b.ensure")]) == ["b", "a"]


def test_a_batch_has_levels_where_its_steps_require_each_other():
    steps = [
        step("child", "f.place", requires=["parent"]), step("parent", "f.place"), step("grandchild", "f.place", requires=["child"]), step("other", "f.place"),
    ]
    levels = graph.batches(steps)[0].levels
    assert [[one["id"] for one in level] for level in levels] == [["parent", "other"], ["child"], ["grandchild"]]


def test_the_order_does_not_depend_on_the_order_of_batches_in_the_plan():
    steps = [step("%s%d" % (batch, number), batch, after) for batch, after in (("c.c", ["a.a"]), ("a.a", []), ("b.b", ["a.a"])) for number in range(3)]
    expected = names(steps)
    for seed in range(20):
        mixed = sorted(steps, key=lambda one: random.Random(seed * 7 + ord(one["batch"][0])).random())
        assert names(mixed) == expected


@pytest.mark.parametrize("steps", [
    [step("a", "a.a", ["b.b"]), step("b", "b.b", ["a.a"])],
    [step("a", "a.a", requires=["b"]), step("b", "a.a", requires=["a"])],
])
def test_steps_that_wait_for_each_other_are_refused_in_a_sentence(steps):
    with pytest.raises(TwinError, match="wait for each other"):
        graph.batches(steps)


def test_a_batch_may_say_that_it_comes_before_another():
    orders = {"toy.ensure": Order(before=("services.run",)), "services.run": Order(after=("files.place",))}
    assert graph.after_of(orders) == {"toy.ensure": set(), "services.run": {"files.place", "toy.ensure"}}
