# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the package file that is sent with a step that installs or changes a package."""

from __future__ import annotations

from ..parts import PackageFile, Payload, Step


def _packages(step: Step) -> list[PackageFile]:
    want, have = step["want"], step["have"] or {}
    if not want or want["status"] != "installed" or (have.get("status"), have.get("version")) == ("installed", want["version"]):
        return []
    name, arch = step["key"].rsplit(":", 1)
    return [{"name": name, "arch": arch, "version": want["version"], "have": have.get("version", "") if have.get("status") == "installed" else ""}]


PAYLOAD = Payload(packages=_packages)
