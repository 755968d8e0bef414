# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.model import Change
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.affects import reached
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.services.readers import UnitReaders

RUNS = {"active": "active", "can_reload": True, "listens": []}


def scopes(**items):
    return {"services": {"status": "ok", "note": "", "excluded": {}, "items": items}}


@pytest.mark.parametrize(("fields", "have", "found"), [
    (("listens",), RUNS, [("web.service", "reload")]), (("digest", "listens"), dict(RUNS, can_reload=False), [("web.service", "reload")]),
    (("digest",), RUNS, []), (("active", "listens"), {"active": "failed"}, []),
])
def test_a_unit_that_runs_and_listens_elsewhere_reaches_itself(fields, have, found):
    readers = UnitReaders(scopes(**{"web.service": RUNS}), scopes(**{"web.service": have}))
    assert list(reached(Change("services", "web.service", have, RUNS, fields), readers)) == found
