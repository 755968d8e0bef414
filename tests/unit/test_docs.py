# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of docs/ and the README agree with the tree."""
from __future__ import annotations

import collections
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs/architecture.md"
HEADING = re.compile(r"### `([\w/]+?)(?:<scope>/)?`")
FOLDER = re.compile(r"\| `(\w+/)` \|")
FILE = re.compile(r"`(\w+\.py)`")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md")), *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("roles/*/README.md")),
]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def listed(text: str) -> list[str]:
    """Paths of the files that the section Files of the page names."""
    found, folder = [], ""
    for line in text.partition("\n## Files\n")[2].splitlines():
        heading = HEADING.match(line)
        folder = heading.group(1) if heading else "" if line.startswith("#") else folder
        inner = FOLDER.match(line)
        found += [folder + (inner.group(1) if inner else "") + name for name in FILE.findall(line) if folder and line.startswith("|")]
    return found


def test_the_architecture_page_names_every_file_once():
    named = collections.Counter(listed(ARCHITECTURE.read_text(encoding="utf-8")))
    present = {path.relative_to(ROOT).as_posix() for path in (ROOT / "plugins").rglob("*.py") if path.name != "__init__.py"}
    assert sorted(present - named.keys()) == [], "These files are missing in docs/architecture.md."
    assert sorted(named.keys() - present) == [], "docs/architecture.md names files that do not exist."
    assert sorted(path for path, times in named.items() if times > 1) == [], "docs/architecture.md names these files more than once."


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
