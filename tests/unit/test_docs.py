# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of docs/ and the README agree with the tree, the options and the messages of the code."""
from __future__ import annotations

import ast
import collections
import functools
import pathlib
import re

import pytest
import yaml

from ansible_collections.safetytwin.twin.plugins.module_utils._base import paths

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


def test_the_protocol_page_names_every_path_on_disk():
    text = (ROOT / "docs/protocol.md").read_text(encoding="utf-8").partition("\n## Files on disk\n")[2]
    names = {name: value for name, value in vars(paths).items() if name.isupper()}
    assert [name for name, value in sorted(names.items()) if value.rpartition("/")[2] not in re.findall(r"[\w.]+", text)] == []


def table_rows(page):
    """The cells of each table row of a page."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]


@functools.lru_cache(maxsize=None)
def role_options():
    """{option: its specification} of all roles."""
    found = {}
    for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update(entry.get("options", {}))
    return found


def option_rows():
    """(option, default as the README writes it) of each row of the README's table of options."""
    for cells in table_rows("README.md"):
        names = re.findall(r"`((?:twin|install|uninstall)_\w+)`", cells[0])
        if len(cells) == 3 and names and not re.sub(r"`\w+`|, ", "", cells[0]):
            yield from ((name, cells[1].strip("`")) for name in names)


OPTIONS = list(option_rows())


def test_the_table_of_options_is_found():
    assert len(OPTIONS) >= 15


@pytest.mark.parametrize(("name", "default"), OPTIONS)
def test_the_readme_states_the_default_of_an_option(name, default):
    assert name in role_options(), "no role has the option %s" % name
    real = role_options()[name].get("default")
    assert yaml.safe_load(default) == real or (default, real) in (("empty", ""), ("none", None))


@functools.lru_cache(maxsize=None)
def messages():
    """All texts of plugins, roles and playbooks except docstrings, each with single blanks."""
    texts = []
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings]
    for folder in ("roles", "playbooks"):
        texts += [path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob("*.yml"))]
    return [" ".join(text.split()) for text in texts]


QUOTES = [
    pytest.param(quote, id="%s: %s" % (page, quote))
    for page in ("README.md", "docs/troubleshooting.md") for cells in table_rows(page) for quote in re.findall(r'"([^"]+)"', cells[0])
]


@pytest.mark.parametrize("quote", QUOTES)
def test_the_code_contains_a_quoted_message(quote):
    """A … in the quote stands for what the code fills in."""
    pattern = re.compile(r"(?:%[a-z]|%\.\d[a-z]|\{\{.+?\}\}|\{\w+\})".join(re.escape(part) for part in quote.split("…")))
    assert any(pattern.search(text) for text in messages()), "no message of the code: %s" % quote


def test_the_readme_names_what_uninstall_leaves():
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Uninstall\n")[2].partition("\n## ")[0]
    caches = yaml.safe_load((ROOT / "roles/uninstall/vars/main.yml").read_text(encoding="utf-8"))["uninstall_caches"]
    assert [path for path in caches if "`%s`" % path not in section] == []
