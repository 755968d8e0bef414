# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.context import Context
from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.load.collect import collect_telemetry


def test_this_machine_reports_uptime_and_processor_time():
    load = collect_telemetry(Context())
    assert len(load["load_average"]) == 3
    assert load["uptime_seconds"] > 0
    assert load["cpu_seconds"]["user"] > 0
    assert 0 < load["memory_bytes"]["available"] <= load["memory_bytes"]["total"]
    assert "lo" in load["nics"]
    assert set(load["pressure"]) == {"cpu", "memory", "io"}


def test_missing_files_give_no_values(tmp_path):
    load = collect_telemetry(Context(root=str(tmp_path)))
    assert (load["uptime_seconds"], load["disks"], load["nics"], load["sockets"]) == (0, {}, {}, {})
    assert load["pressure"] == {"cpu": {}, "memory": {}, "io": {}}
