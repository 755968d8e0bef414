# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and lanes of the scope containers."""

from __future__ import annotations

from ..grammars import ACCOUNT, BLOCK, BYTES, FLAG, NOTHING, WORD, Listing, Number, Record, Text, Tree, either, text
from ..model import Scope, desired, telemetry

# A reference to an image, or the name of another object of the engine.
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*"
NAME = r"%s(?:/%s)*" % (_PART, _PART)
IMAGE = Text("image", NAME, 512, "a name of an image")
SPEC = Tree(BLOCK, depth=8, most=20000)
STATE = Record({
    "status": WORD, "pid": Number(0, 2**31 - 1), "started": text(64),
    "health": either("a word or nothing", WORD, NOTHING), "exit_code": Number(-2**31, 2**31 - 1),
})


def _key(kind: str) -> Text:
    pattern = r"%s:(?:docker|podman)(?:@%s)?/%s" % (kind, ACCOUNT.pattern, NAME)
    return Text("", pattern, 1024, "%s:ENGINE/NAME, where ENGINE is docker or podman, for a rootless one with @USER" % kind)


SCOPE = Scope("Containers, images, networks and volumes of Docker and Podman, from their API sockets.", False, {
    "container": {
        "spec": desired(SPEC, "Run specification from inspect, redacted; spec.py describes its members."),
        "running": desired(FLAG, "True if the container runs or restarts."),
        "state": telemetry(STATE, "Process id, start time, health and exit code."),
    },
    "image": {"tags": desired(Listing(IMAGE, 1024), "Repository tags."), "bytes": telemetry(BYTES, "Size in bytes.")},
    "network": {"spec": desired(SPEC, "Driver, subnets, options and labels.")},
    "volume": {"spec": desired(SPEC, "Driver, options and labels.")},
}, builds_on=("files",), keys={kind: _key(kind) for kind in ("container", "image", "network", "volume")}, most=20000)
