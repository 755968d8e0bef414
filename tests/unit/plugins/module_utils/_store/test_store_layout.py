# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._store import layout
from ansible_collections.safetytwin.twin.plugins.module_utils._store.interface import Entry


@pytest.mark.parametrize(("kind", "record"), [
    (layout.Host, layout.Host("web/1", "m", 3, "d", "doc")), (layout.Twin, layout.Twin("twin-web1", "web1", paused="why", applying=[["a.service", "reload"]])),
    (layout.Revision, layout.Revision(3, 1.5, "d", 1, {"changes": []})),
])
def test_unpacking_a_record_reverses_packing_and_sets_the_version(kind, record):
    assert layout.unpack(kind, Entry(layout.pack(record), 9)) == record._replace(version=9)


def test_keys_are_plain_ascii_and_of_one_host():
    odd = "a/b \u017c"
    assert layout.host_key(odd).isascii()
    assert layout.host_key(odd).count("/") == 1
    start, end = layout.under(layout.revisions_owner("web1") + "/")
    assert start <= layout.revision_key("web1", 7) < end
    assert not start <= layout.revision_key("web10", 7) < end


def test_keys_of_revisions_sort_numerically():
    keys = [layout.revision_key("h", number) for number in (1, 2, 10, 99, 1000)]
    assert keys == sorted(keys)
