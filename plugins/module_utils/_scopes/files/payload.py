# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the content that is sent with a file, unless its package contains it."""

from __future__ import annotations

from ..model import Item
from ..parts import Payload, Step
from .rules import APT_FILES


def _content(item: Item) -> str | None:
    digest: str | None = item.get("digest")
    return digest


def _carried(key: str, item: Item) -> bool:
    # The twin's package has pristine files; the hypervisor's apt, which fetches that package, has not.
    return item["type"] == "file" and (not item.get("pristine") or key.startswith(APT_FILES))


def _contents(step: Step) -> list[str]:
    want, have = step["want"], step["have"] or {}
    return [want["digest"]] if want and want["type"] == "file" and want["digest"] != have.get("digest") else []


PAYLOAD = Payload(content=_content, carried=_carried, contents=_contents)
