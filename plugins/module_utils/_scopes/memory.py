# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that a harvest stores for the next harvest."""

from __future__ import annotations

import json
import os
from typing import Any

from .._base import paths
from .._base.codec import dumps, write_atomic
from .model import Scopes
from .reading import WARM
from .schema import FORMAT, desired

DIRECTORY = paths.RUN


class Memory:
    """Data that a harvest stores in /run for the next one: stamps of the files that it read, and the state that it replied.

    It has two files. Each is replaced as a whole, and only if its content changed. The state is read only if it is used.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = json.loads(dumps(options))
        self.stamps_text = _read("stamps.json")
        self.stamps = self._known(self.stamps_text).get("scopes", {})
        self.digest = self._known(self.stamps_text).get("digest")

    def _known(self, content: str) -> dict[str, Any]:
        try:
            document = json.loads(content)
        except ValueError:  # no file yet, or a damaged one: the harvest then reads everything
            return {}
        return document if document.get("format") == FORMAT and document.get("options") == self.options else {}

    def scope(self, name: str) -> dict[str, Any]:
        """The stored dict of one scope; the scope may change it."""
        kept: dict[str, Any] = self.stamps.setdefault(name, WARM if name == "common" else {})
        return kept

    def state(self, digest: str) -> Scopes | None:
        """The scopes of the stored state if that has this digest, else None."""
        known = self._known(_read("state.json"))
        return known["scopes"] if known.get("digest") == digest else None

    def keep(self, digest: str, bodies: Scopes) -> None:
        """Store this harvest. Without root rights nothing is stored."""
        if os.geteuid() != 0:
            return
        head = {"format": FORMAT, "options": self.options, "digest": digest}
        if digest != self.digest:
            desired_only = {
                scope: dict(body, items={key: desired(scope, key, item) for key, item in body["items"].items()})
                for scope, body in bodies.items()
            }
            _write("state.json", dumps(dict(head, scopes=desired_only)))
        content = dumps(dict(head, scopes=self.stamps))
        if content != self.stamps_text:
            _write("stamps.json", content)


def _read(name: str) -> str:
    """What an earlier harvest wrote; "" where there is none."""
    try:
        with open(os.path.join(DIRECTORY, name), encoding="ascii") as stream:
            return stream.read()
    except (FileNotFoundError, PermissionError):
        return ""


def _write(name: str, content: str) -> None:
    os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
    write_atomic(os.path.join(DIRECTORY, name), content.encode("ascii"))
