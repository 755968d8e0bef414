# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads services without a systemd unit: init scripts, supervisord programs, snap services."""
from __future__ import annotations

import glob
import json
import os
import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from ..._base.errors import TwinError
from ..._base.unix_http import call
from ..model import Item, Items

INIT_SCRIPTS = "/etc/init.d"
NO_SCRIPTS = {"README", "functions", "rc", "rcS", "single", "skeleton"}
SUPERVISORS = ("/run/supervisor.sock", "/run/supervisor/supervisor.sock", "/tmp/supervisor.sock")
SNAPD = "/run/snapd.socket"

# supervisord's states; STARTING and BACKOFF head for running, as systemd's restarts do.
SUPERVISED = {"RUNNING": "active", "STARTING": "active", "BACKOFF": "active", "FATAL": "failed", "UNKNOWN": "failed"}


def init_scripts() -> Items:
    """Items `sysv:NAME`; enabled where a link starts the script in runlevel 2 to 5."""
    if not os.path.isdir(INIT_SCRIPTS):
        return {}
    started = {os.path.basename(link)[3:] for link in glob.glob("/etc/rc[2-5].d/S[0-9][0-9]*")}
    names = set(os.listdir(INIT_SCRIPTS)) - NO_SCRIPTS
    return {
        "sysv:" + name: {"load": "loaded", "enablement": "enabled" if name in started else "disabled"}
        for name in names if os.access(os.path.join(INIT_SCRIPTS, name), os.X_OK)
    }


def supervisor() -> Items:
    """Items `supervisor:NAME` (GROUP:NAME where the group has another name), from supervisord's socket if there is one."""
    path = next((path for path in SUPERVISORS if os.path.exists(path)), None)
    if path is None:
        return {}
    body = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode("ascii")
    return parse_supervisor(call(path, "POST", "/RPC2", body, {"Content-Type": "text/xml"}))


def parse_supervisor(answer: bytes) -> Items:
    """Items of the XML-RPC answer (bytes) of getAllProcessInfo."""
    try:
        rows: Any = xmlrpc.client.loads(answer)[0][0]
        return dict(map(_program, rows))
    except (xmlrpc.client.Error, ExpatError, LookupError, TypeError, AttributeError) as error:
        raise TwinError("supervisord gave an answer that cannot be read: %s." % error) from error


def _program(row: Any) -> tuple[str, Item]:
    name = row["name"] if row["group"] == row["name"] else "%s:%s" % (row["group"], row["name"])
    state = row["statename"]
    item = {"load": "loaded", "active": SUPERVISED.get(state, "inactive"), "sub_state": state.lower()}
    if row["pid"]:
        item["main_pid"] = row["pid"]
    return "supervisor:" + name, item


def snaps() -> Items:
    """Items `snap:SNAP.NAME`, from snapd if a snap is installed (asking an idle snapd would start it)."""
    if not os.path.exists(SNAPD) or not glob.glob("/snap/*/current"):
        return {}
    return parse_snaps(call(SNAPD, "GET", "/v2/apps?select=service"))


def parse_snaps(answer: bytes) -> Items:
    """Items of snapd's JSON answer (bytes) to /v2/apps?select=service."""
    try:
        return dict(map(_snap_service, json.loads(answer)["result"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TwinError("snapd gave an answer that cannot be read: %s." % error) from error


def _snap_service(row: Any) -> tuple[str, Item]:
    return "snap:%s.%s" % (row["snap"], row["name"]), {
        "load": "loaded",
        "active": "active" if row.get("active") else "inactive",
        "enablement": "enabled" if row.get("enabled") else "disabled",
        "type": row["daemon"],
    }
