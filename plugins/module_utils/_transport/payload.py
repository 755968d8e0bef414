# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a plan with its contents to the twin and takes the reply."""
from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from typing import Any, Iterable, Mapping, Sequence

from .._base import paths
from .._base.errors import TwinError
from .._packages import fetch
from .._packages.listing import permits
from .._packages.sources import apt_files, apt_sources, withheld
from .._scopes.model import Scopes
from .._scopes.parts import ApplyReply, PackageFile, Payload, Step
from .._scopes.registry_parts import payloads
from .._store.records import Store
from .channel import Channel

_NOTHING = Payload()


def fetch_packages(store: Store, document: Mapping[str, Any], steps: Iterable[Step], options: Mapping[str, Any]) -> fetch.Fetched:
    """Package files for the steps that need them; none where the store lacks one of the host's package sources. options say which are allowed."""
    wanted = _packages(steps)
    if not wanted:
        return {"files": {}, "reasons": {}}
    lacking = missing_sources(store, document)
    if lacking:
        keys = ["%(name)s:%(arch)s" % file for file in wanted]
        return {"files": {}, "reasons": dict.fromkeys(keys, "content_pending: %d of the host's package sources" % len(lacking))}
    sources, unread = apt_sources(store, document["scopes"]), withheld(document["scopes"])
    return fetch.fetch(wanted, document["machine"], sources, unread, os.path.join(store.root, paths.PACKAGES), permits(options))


def _payload(step: Step) -> Payload:
    return payloads().get(step["scope"], _NOTHING)


def _packages(steps: Iterable[Step]) -> list[PackageFile]:
    return [file for step in steps for file in _payload(step).packages(step)]


def missing_contents(store: Store, document: Mapping[str, Any], steps: Sequence[Step], after: Scopes) -> list[str]:
    """Digests of contents that the steps need and the store lacks, or has damaged; after is the twin as it was read back."""
    unreached: list[Step] = [{**step, "have": after[step["scope"]]["items"].get(step["key"])} for step in steps]
    return sorted({*_lacking(store, _contents(unreached)), *(missing_sources(store, document) if _packages(steps) else ())})


def missing_sources(store: Store, document: Mapping[str, Any]) -> list[str]:
    """Digests of the host's package sources that the store lacks, or has damaged."""
    return _lacking(store, apt_files(document["scopes"]).values())


def require_sources(store: Store, document: Mapping[str, Any], host: str) -> None:
    """Refuse to go on without one of the host's package sources."""
    lacking = missing_sources(store, document)
    if lacking:
        raise TwinError(
            "%d package sources of %s are missing or damaged in the store: run the sync again, which requests them from the host." % (len(lacking), host)
        )


def _lacking(store: Store, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if store.blobs.get(name) is None})


def _contents(steps: Iterable[Step]) -> list[str]:
    return [name for step in steps for name in _payload(step).contents(step)]


def deliver(channel: Channel, store: Store, request: Mapping[str, Any], packages: Mapping[str, str]) -> ApplyReply:
    """Apply request["plan"] in the twin; returns _apply's reply. packages is {key: path of a .deb}."""
    with tempfile.TemporaryFile(dir=store.root) as spool:
        with tarfile.open(fileobj=spool, mode="w") as tar:
            _add(tar, "request.json", json.dumps(request).encode("ascii"))
            for name in sorted(set(_contents(request["plan"]["steps"]))):
                content = store.blobs.get(name)
                if content is not None:
                    _add(tar, "blobs/" + name, content)
            for path in sorted(packages.values()):
                tar.add(path, "packages/" + os.path.basename(path))
        spool.seek(0)
        reply: ApplyReply = channel.call("_apply", spool, timeout=1800)
    return reply


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def read_back(actual: Scopes, reply: ApplyReply) -> Scopes:
    """The twin's scopes after a delivery: `actual` with everything that was read back in its place.

    A scope that could not be read back stays as it was known.
    """
    after = dict(actual)
    for scope, keys in reply["read"].items():
        body = reply["scopes"][scope]
        if body["status"] == "failed" and scope in after:
            continue
        if keys is None or scope not in after:
            after[scope] = body
            continue
        asked = set(keys)
        items = {key: item for key, item in actual[scope]["items"].items() if key not in asked}
        after[scope] = {**actual[scope], "items": dict(items, **body["items"])}
    return after
