# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import TWIN, Context, stamp_of
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.files.snapshot import look


def test_two_snapshots_differ_only_in_changed_paths(tmp_path):
    (tmp_path / "etc/app").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / "etc/app" / name).write_text(name)
    (tmp_path / "etc/shadow").write_text("x")
    context = Context(TWIN, root=str(tmp_path))
    before = look(context)
    assert before["/etc/app/a"] == stamp_of((tmp_path / "etc/app/a").stat())
    assert before["/etc/shadow"] == "secret_excluded"
    assert look(context) == before
    (tmp_path / "etc/app/b").write_text("changed")
    after = look(context)
    assert {path for path in after if after[path] != before[path]} == {"/etc/app/b"}
