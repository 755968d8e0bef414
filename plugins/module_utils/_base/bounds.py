# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds of a reply: its receiver needs at most 64 MiB for it, whatever the machine sends."""
from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

TEXT = 16 << 20  # bytes of JSON
PACKED = 22 << 20  # bytes of a reply as it is sent; what TEXT comes to where it cannot be compressed
ITEMS = 160000  # braces, brackets and commas; an item needs up to 240 bytes of memory
WIDE = 1 << 20  # bytes of strings with characters beyond Latin-1: one such character makes its whole string up to four times as large
SMALL = 512 << 10  # bytes of JSON that cannot become larger than these bounds, and are not counted

_BLOCK = 1 << 16  # characters of base64, a multiple of four
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_WIDER = re.compile(r"\\u(?!00)")


class TooMuch(ValueError):
    """A reply exceeds a bound."""


def decompress(packed: memoryview) -> bytearray:
    """The JSON text in a packed reply; raises ValueError or zlib.error."""
    text, stream = bytearray(), zlib.decompressobj()
    for start in range(0, len(packed), _BLOCK):
        rest = base64.b64decode(packed[start:start + _BLOCK], validate=True)
        while rest:
            text += stream.decompress(rest, _BLOCK)
            if len(text) > TEXT:
                raise TooMuch("more than %d MiB of JSON" % (TEXT >> 20))
            rest = stream.unconsumed_tail
    text += stream.flush(_BLOCK)
    if not stream.eof or stream.unused_data or len(text) > TEXT:
        raise ValueError("the compressed text does not end")
    return text


def parse(text: bytearray, encoding: str = "ascii") -> Any:
    """The document in a JSON text, which is emptied; raises ValueError or RecursionError."""
    characters = text.decode(encoding)
    text.clear()
    if len(characters) > SMALL:
        _count(characters)
    return json.loads(characters)


def _count(characters: str) -> None:
    """Refuse a text that would become too large in memory; commas in strings count as well."""
    if sum(map(characters.count, ",[{")) > ITEMS:
        raise TooMuch("more than %d items" % ITEMS)
    if not _WIDER.search(characters):
        return
    wide = 0
    for found in _STRING.finditer(characters):
        if _WIDER.search(characters, found.start(), found.end()):
            wide += found.end() - found.start()
            if wide > WIDE:
                raise TooMuch("more than %d MiB of text beyond Latin-1" % (WIDE >> 20))
