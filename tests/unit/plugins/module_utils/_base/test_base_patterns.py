# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.safetytwin.twin.plugins.module_utils._base import patterns


@pytest.mark.parametrize(("pattern", "text", "expected"), [
    ("/a/*", "/a/b", True), ("/a/*", "/a/b/c", False), ("/a/*", "/a", False),
    ("/a/**", "/a", True), ("/a/**", "/a/b/c", True), ("/a/**", "/ab", False),
    ("/a/**/*", "/a", False), ("/a/**/*", "/a/b", True), ("/a/**/*", "/a/b/c", True),
    ("**/x", "x", True), ("**/x", "/a/b/x", True), ("**/x", "/a/bx", False),
    ("/a/**/x", "/a/x", True), ("/a/**/x", "/a/b/c/x", True), ("/a?", "/ab", True), ("/a?", "/a/", False),
    ("libvirt*", "libvirt-daemon", True), ("a.b", "axb", False), ("/a/*", "/a/b\nc", True), ("/a[b]", "/a[b]", True),
])
def test_patterns(pattern, text, expected):
    assert patterns.matches(pattern, text) is expected
    assert patterns.matches_any(("/never", pattern), text) is expected


@given(st.text())
def test_a_text_without_wildcards_matches_itself_alone(text):
    plain = text.replace("*", "").replace("?", "")
    assert patterns.matches(plain, plain)
    assert not patterns.matches(plain, plain + "x")
