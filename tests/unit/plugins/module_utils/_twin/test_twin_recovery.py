# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._twin import recovery
from ansible_collections.safetytwin.twin.plugins.module_utils._twin.recovery import (
    EVERYTHING,
    GIVE_UP,
    NOTHING,
    REPAIR,
    RESET,
    RESET_SLIM,
    START,
    STARTS,
    WAIT,
)

SEEN = recovery.Seen(state="running", waited=0, quiet=0, agent=0, boots=0, repaired=False, resets=0)
# A twin whose boots take 40 s: it is waited for until 100 s are over.
LIMITS = recovery.Limits(patience=600, boot=40, lost=False, acts=EVERYTHING)

seen, under = SEEN._replace, LIMITS._replace

CASES = [
    # seen, limits, the next action
    (seen(), under(), WAIT),
    (seen(waited=99, quiet=99), under(), WAIT),
    # switched off, at once and whatever the patience
    (seen(state="shutoff"), under(), START),
    (seen(state="paused"), under(), START),
    (seen(state="crashed"), under(acts=STARTS), START),
    (seen(state="shutoff"), under(lost=True), START),
    (seen(state="shutoff"), under(acts=NOTHING), GIVE_UP),
    (seen(state="shutoff", boots=3), under(), START),
    (seen(state="shutoff", boots=4), under(), GIVE_UP),
    # neither ssh nor agent
    (seen(waited=100, quiet=100), under(), RESET),
    (seen(waited=100, quiet=100, resets=1), under(), RESET_SLIM),
    (seen(waited=100, quiet=100, resets=2), under(), GIVE_UP),
    (seen(waited=100, quiet=100), under(acts=STARTS), GIVE_UP),
    (seen(waited=100, quiet=100), under(acts=NOTHING), GIVE_UP),
    (seen(waited=61, quiet=61), under(boot=0.5), RESET),
    # it boots and says so: all of the patience, and not more
    (seen(waited=100, quiet=59), under(), WAIT),
    (seen(waited=599, quiet=59), under(), WAIT),
    (seen(waited=600, quiet=0), under(), RESET),
    # the boot time is not known
    (seen(waited=179, quiet=179), under(boot=None), WAIT),
    (seen(waited=300, quiet=179), under(boot=None), WAIT),
    (seen(waited=180, quiet=180), under(boot=None), RESET),
    (seen(waited=180, quiet=180), under(boot=None, acts=STARTS), GIVE_UP),
    (seen(waited=600, quiet=0), under(boot=None), RESET),
    # the user's patience is shorter
    (seen(waited=5, quiet=5), under(patience=5), RESET),
    (seen(waited=5, quiet=5), under(patience=5, boot=None), RESET),
    (seen(waited=4, quiet=4), under(patience=5), WAIT),
    # the agent answers, ssh does not
    (seen(waited=40, agent=29), under(), WAIT),
    (seen(waited=40, agent=30), under(), REPAIR),
    (seen(waited=200, agent=179), under(boot=None), WAIT),
    (seen(waited=200, agent=180), under(boot=None), REPAIR),
    (seen(waited=5, agent=5), under(patience=5), REPAIR),
    (seen(waited=59, agent=59, repaired=True), under(), WAIT),
    (seen(waited=60, agent=60, repaired=True), under(), RESET),
    (seen(waited=60, agent=60, repaired=True, resets=1, boots=1), under(), RESET_SLIM),
    (seen(waited=60, agent=60, repaired=True, resets=2, boots=2), under(), GIVE_UP),
    (seen(waited=100, agent=90), under(acts=STARTS), GIVE_UP),
    (seen(waited=99, agent=90), under(acts=STARTS), WAIT),
    # given up before: a look, unless this cycle began a boot
    (seen(waited=14, quiet=14, resets=2), under(lost=True), WAIT),
    (seen(waited=15, quiet=15, resets=2), under(lost=True), GIVE_UP),
    (seen(waited=15, agent=10, resets=2), under(lost=True), GIVE_UP),
    (seen(waited=6, agent=1), under(lost=True), REPAIR),
    (seen(waited=6, agent=1), under(lost=True, acts=STARTS), WAIT),
    (seen(waited=15, quiet=15), under(lost=True), RESET),
    (seen(waited=99, quiet=99, resets=2, boots=1), under(lost=True), WAIT),
    (seen(waited=50, agent=30, resets=2, boots=1), under(lost=True), REPAIR),
]


@pytest.mark.parametrize(("twin", "limits", "action"), CASES)
def test_the_next_action(twin, limits, action):
    assert recovery.decide(twin, limits) == action


@pytest.mark.parametrize("state", ["running", "shutoff", "paused", "crashed", "stopping", "suspended", "unknown", "absent"])
def test_check_mode_never_acts(state):
    for waited in (0, 100, 1000):
        twin = seen(state=state, waited=waited, quiet=waited, agent=waited)
        assert recovery.decide(twin, under(acts=NOTHING)) in (WAIT, GIVE_UP)


def test_a_wait_ends_whatever_is_seen():
    """Each action begins a boot, counts as a reset, or is done once per boot."""
    for state, agent, quiet in (("running", 0, 0), ("running", 0, 1), ("running", 1, 0), ("shutoff", 0, 1)):
        twin, actions = seen(state=state), []
        while not actions or actions[-1] != GIVE_UP:
            action = recovery.decide(twin._replace(agent=agent * twin.waited, quiet=quiet * twin.waited), LIMITS)
            actions.append(action)
            twin = twin._replace(waited=twin.waited + 1 if action == WAIT else 0)
            if action == REPAIR:
                twin = twin._replace(repaired=True)
            elif action in (START, RESET, RESET_SLIM):
                twin = twin._replace(repaired=False, boots=twin.boots + 1, resets=twin.resets + (action != START))
            assert len(actions) < 2000
        assert actions.count(RESET) == actions.count(RESET_SLIM) == (state == "running")


@pytest.mark.parametrize(("unresponsive", "check", "acts"), [
    ("reset", False, EVERYTHING), ("report", False, STARTS), ("reset", True, NOTHING), ("report", True, NOTHING),
])
def test_limits_come_from_the_options_and_the_longest_of_the_last_boots(unresponsive, check, acts):
    request = {"patience": 300, "unresponsive": unresponsive, "check": check}
    assert recovery.limits(request, {"boots": [31.5, 40.5, 33], "lost": True, "seen": True}) == recovery.Limits(patience=300, boot=40.5, lost=True, acts=acts)
    for boots, seen_before in (([], True), ([40.5], False)):
        assert recovery.limits(request, {"boots": boots, "lost": False, "seen": seen_before}).boot is None


def test_a_console_that_says_that_the_kernel_is_stuck():
    assert recovery.stalled(b"[   21.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\r\n")
    assert recovery.stalled(b"rcu: rcu_preempt kthread timer wakeup didn't happen for 5249 jiffies! g-1127 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402\r\n")
    assert not recovery.stalled(b"[   13.414452] Module kvm_amd is blacklisted\r\nweb1 login: ")
