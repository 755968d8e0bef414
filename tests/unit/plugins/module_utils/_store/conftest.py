# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends that every test of the interface runs against: a further one adds a row here."""
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._store.records import Store
from ansible_collections.safetytwin.twin.plugins.module_utils._store.sqlite import SqliteBackend

BACKENDS = {"sqlite": lambda path, look=False: SqliteBackend(str(path / "lib"), str(path / "run"), look)}


@pytest.fixture(name="connect", params=sorted(BACKENDS))
def fixture_connect(request, tmp_path):
    """Opens the same backend once more, as another process would; all are closed at the end."""
    opened = []

    def connect(**options):
        opened.append(BACKENDS[request.param](tmp_path, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture(name="backend")
def fixture_backend(connect):
    return connect()


@pytest.fixture(name="store")
def fixture_store(backend, tmp_path):
    """A store over each backend, its contents below lib."""
    return Store(backend, str(tmp_path / "lib"))
