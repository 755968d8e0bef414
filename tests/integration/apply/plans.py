# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and requests as the hypervisor makes them."""
from __future__ import annotations

import hashlib
import io
import json
import pathlib
import tarfile


def request(steps, blobs=(), packages=()):
    """A request as the hypervisor packs it."""
    stream = io.BytesIO()
    document = {"uuid": "0", "host": "apply", "revision": 1, "plan": {"steps": list(steps)}}
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in [("request.json", json.dumps(document).encode())] + [("blobs/" + digest(blob), blob) for blob in blobs]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for path in packages:
            tar.add(path, "packages/" + pathlib.Path(path).name)
    return stream.getvalue()


def digest(content):
    return hashlib.sha256(content).hexdigest()


BATCHES = {"accounts": "accounts.ensure", "packages": "packages.change", "files": "files.place", "daemon-reload": "services.daemon-reload",
           "services": "services.run"}
# What each batch comes after, as the planners of the scopes have it.
AFTER = {
    "packages.change": ["accounts.ensure", "services.stop"], "files.place": ["accounts.ensure", "packages.change"],
    "services.daemon-reload": ["files.place", "packages.change"], "services.run": ["files.place", "packages.change", "services.daemon-reload"],
    "accounts.remove": ["files.place", "services.run"],
}
GOING = {"services.run": "services.stop", "accounts.ensure": "accounts.remove"}


def step(kind, key, want, verb="ensure"):
    """One step of a plan; its id is its key. kind is a scope, or daemon-reload."""
    batch = BATCHES[kind]
    if want is None:
        batch = GOING.get(batch, batch)
    scope = "services" if kind == "daemon-reload" else kind
    return {
        "id": key, "batch": batch, "verb": verb, "scope": scope, "key": key, "want": want, "have": None, "because": "", "requires": [],
        "after": AFTER.get(batch, []),
    }
