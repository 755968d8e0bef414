# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks after a twin while ssh waits for it: starts, repairs or resets its machine when it is time to, and remembers what was done."""

from __future__ import annotations

import json
import os
import time
from typing import Callable

from .._base.errors import TwinError
from .._libvirt import client
from .._libvirt import network as libvirt_network
from .._libvirt.client import Connection, Twin
from . import recovery
from .recovery import Limits, Seen

LOOK_SECONDS = 1.0  # between two looks at a machine
AGENT_SECONDS = 10.0  # between two questions to its agent; each may take AGENT_PATIENCE
AGENT_PATIENCE = 5
TAIL = 1 << 16  # bytes at the end of a console log in which a stall is looked for
ASLEEP = ("paused", "suspended")  # goes on without a boot
PING = {"execute": "guest-ping"}
# Runs in the twin; its words are the MAC address of its definition, its fixed address and the length of the network's prefix. The address is set
# by hand where the twin's own configuration, which somebody may have changed, does not bring it. A first boot that was cut off did not enable ssh.
NETWORK_SCRIPT = """\
for device in /sys/class/net/*/device; do
  link=${device%/device} link=${link##*/}
  ip link set dev "$link" down
  ip address flush dev "$link"
  ip link set dev "$link" address "$1"
  ip link set dev "$link" up
done
systemctl try-restart systemd-networkd.service networking.service NetworkManager.service
for second in 1 2 3 4 5 6 7 8 9 10; do
  ip -4 -oneline address show | grep -qF " $2/" && break
  sleep 1
done
ip -4 -oneline address show | grep -qF " $2/" || ip address add "$2/$3" dev "$link"
systemctl enable safetytwin-ssh.service
systemctl restart safetytwin-ssh.service
"""


class Watch:
    """One wait for one twin; look() is called again and again while it does not answer.

    remember(resets, lost) keeps, before anything is done, how often the twin was reset since it last answered, and whether it was given up; check mode
    has none.
    """

    def __init__(self, conn: Connection, twin: Twin, limits: Limits, resets: int, remember: Callable[[int, bool], None] | None) -> None:
        self.conn, self.twin, self.limits, self.resets, self.remember = conn, twin, limits, resets, remember
        self.done: list[str] = []  # what was done, for people
        self.boots, self.repaired = 0, False
        self.console = os.path.join(twin["directory"], "console.log")
        self.begun = self.looked = time.monotonic()
        self.booted: float | None = None  # when the boot began that is waited for
        self._acted()

    def _acted(self) -> None:
        """Everything is waited for anew."""
        self.since = self.heard = time.monotonic()
        self.asked = self.since - AGENT_SECONDS / 2  # who has just acted, or come, need not ask at once
        self.answering = 0.0
        self.size, self.stalled = self._size(), False

    def boot_seconds(self, first: bool) -> float | None:
        """Seconds that the boot took that has just ended; None where this wait did not see its begin. first: it was the twin's first."""
        begun = self.begun if first and not self.boots else self.booted
        return None if begun is None else round(time.monotonic() - begun, 1)

    def look(self) -> None:
        """See how the twin is, and do what is due; raises when nothing is left to be done."""
        state = client.state(self.conn, self.twin["domain"])
        if state == "running":
            if time.monotonic() - self.looked < LOOK_SECONDS:
                return
            self._listen()
        now = self.looked = time.monotonic()
        seen = Seen(state, now - self.since, now - self.heard, self.answering and now - self.answering, self.boots, self.repaired, self.resets)
        action = recovery.decide(seen, self.limits)
        if action == recovery.GIVE_UP:
            self._give_up(seen)
        elif action == recovery.START:
            self._boot("twin started: it was %s" % state)
            self.booted = None if state in ASLEEP else self.booted
        elif action == recovery.REPAIR:
            self._repair(seen)
        elif action != recovery.WAIT:
            self._reset(seen, action == recovery.RESET_SLIM)

    def _listen(self) -> None:
        """Note whether console and agent give signs of life."""
        size = self._size()
        if size != self.size:
            self.size = size
            self.stalled = self.stalled or recovery.stalled(self._tail())
            if not self.stalled:
                self.heard = time.monotonic()
        if time.monotonic() - self.asked >= AGENT_SECONDS:
            self.asked = time.monotonic()
            if client.agent(self.conn, self.twin["domain"], json.dumps(PING), AGENT_PATIENCE):
                self.heard = time.monotonic()
                self.answering = self.answering or self.asked
            else:
                self.answering = 0.0

    def _size(self) -> int:
        return os.path.getsize(self.console) if os.path.exists(self.console) else 0

    def _tail(self) -> bytes:
        with open(self.console, "rb") as stream:
            stream.seek(max(0, self.size - TAIL))
            return stream.read(TAIL)

    def _give_up(self, seen: Seen) -> None:
        if self.remember:
            self.remember(self.resets, True)
        if seen.state != "running":
            what = "is %s and does not answer on ssh" % seen.state if self.limits.acts < recovery.STARTS else "was started, and is %s again" % seen.state
        else:
            agent = "but its guest agent answers" if seen.agent else "and neither does its guest agent"
            what = "runs and does not answer on ssh at %s port %d, %s" % (self.twin["address"], self.twin["port"], agent)
        after = ", though it was reset %d times" % self.resets if self.resets else ""
        name = self.twin["domain"]
        raise TwinError("The twin %s %s%s: open its console with `virsh console %s`, or read %s." % (name, what, after, name, self.console))

    def _repair(self, seen: Seen) -> None:
        network = libvirt_network.find(self.conn, self.twin["spec"]["network"])
        prefix = ((network and network["subnet"]) or "/24").rpartition("/")[2]
        words = ["-c", NETWORK_SCRIPT, "sh", self.twin["spec"]["mac"], self.twin["address"], prefix]
        client.agent(self.conn, self.twin["domain"], json.dumps({"execute": "guest-exec", "arguments": {"path": "/bin/sh", "arg": words}}), AGENT_PATIENCE)
        self.done.append("network of the twin set up again by its guest agent: it ran but did not answer on ssh for %d s" % seen.waited)
        self.repaired = True
        self._acted()

    def _reset(self, seen: Seen, slim: bool) -> None:
        self.resets += 1
        if self.remember:
            self.remember(self.resets, False)
        client.switch_off(self.conn, self.twin["domain"])
        with_one = ", with one virtual CPU until it is started next" if slim else ""
        self._boot("twin reset%s: it ran but did not answer for %d s" % (with_one, seen.waited), slim)

    def _boot(self, sentence: str, slim: bool = False) -> None:
        self.boots, self.repaired, self.booted = self.boots + 1, False, time.monotonic()
        client.boot(self.conn, self.twin, 1 if slim else None)
        self.done.append(sentence)
        self._acted()
