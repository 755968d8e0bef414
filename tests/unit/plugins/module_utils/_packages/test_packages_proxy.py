# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._packages import proxy


def source(content, path="/etc/apt/sources.list"):
    return {"path": path, "content": content.encode()}


@pytest.mark.parametrize(("content", "found"), [
    ("deb http://deb.example/debian bookworm main\n", [("deb.example/debian", "http://deb.example/debian")]),
    ("deb [arch=amd64 signed-by=/k.gpg] https://x.example/ ./\ndeb-src http://x.example/src s m\n",
     [("x.example", "https://x.example"), ("x.example/src", "http://x.example/src")]),
    ("# deb http://off.example/ s m\n  #deb http://off2.example/ s m\n", []),
    ("Types: deb\nURIs: http://a.example/d https://b.example/e/\nSuites: s\nSigned-By: /k.gpg\n",
     [("a.example/d", "http://a.example/d"), ("b.example/e", "https://b.example/e")]),
    ("deb cdrom:[Debian]/ bookworm main\ndeb file:/srv/repo ./\n", []),
])
def test_repositories_are_found_in_both_forms(content, found):
    assert proxy.repositories([source(content), source(content)]) == found


def test_a_running_proxy_is_known_by_its_configuration_and_not_by_its_number(tmp_path):
    assert proxy.running(str(tmp_path)) is None
    (tmp_path / "pid").write_text("1\n")
    assert proxy.running(str(tmp_path)) is None
    proxy.stop(str(tmp_path))


def test_without_the_program_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(proxy, "PROGRAM", str(tmp_path / "none"))
    with pytest.raises(TwinError, match="install the package apt-cacher-ng"):
        proxy.ensure([], directory=str(tmp_path))
