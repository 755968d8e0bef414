# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Program in the twin: proves where it is, applies a plan, reads back what it touched.

Request and reply are described in docs/architecture.md. `failed` in a result is a sentence, or `CODE: detail` with
a code of _base/reasons.
"""

from __future__ import annotations

import sys
import time
from typing import IO

from ._converge import change_snapshot, guard
from ._converge.engine import converge
from ._converge.readback_scope import runs_scripts, touched
from ._converge.spool import open_request, spooled
from ._scopes.parts import ApplyReply
from ._scopes.reading import readback
from ._transport.program import respond


def apply(stream: IO[bytes]) -> ApplyReply:
    """Apply the request in a tar stream; nothing is written before the machine is proven to be the request's twin."""
    tar, request = open_request(stream)
    guard.prove(request)
    steps, rules = request["plan"]["steps"], request.get("rules", {})
    with guard.exclusive(), spooled(tar) as spool:
        before = change_snapshot.look(**rules) if runs_scripts(steps) else {}
        results, seconds = converge(steps, spool)
    start = time.monotonic()
    after = change_snapshot.look(**rules) if runs_scripts(steps) else {}
    keys = touched(steps, change_snapshot.differing(before, after))
    scopes = readback(keys, **rules)
    seconds["readback"] = round(time.monotonic() - start, 3)
    return {"results": results, "read": keys, "scopes": scopes, "seconds": seconds}


if __name__ == "__main__":
    respond(lambda: apply(sys.stdin.buffer))
